"""Softmaxes of rows over tiles of columns, with a running maximum."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.nt_xent_tiled.row_blocks import cut
from simclrv2_tf.nt_xent_tiled.row_blocks import loop
from simclrv2_tf.nt_xent_tiled.row_blocks import size

NOTHING = -1e30  # exp of it, less any logit, is 0; sums of it are finite


def entropy_of(odds: tf.Tensor, mean: tf.Tensor) -> tf.Tensor:
    """Entropy of a softmax in nats.

    Args:
      odds: Log of the sum of exponentials of all but the positive.
      mean: The mean logit of the same, both less the positive's.
    """
    return tf.nn.softplus(odds) - tf.nn.sigmoid(odds) * mean


def others(x: tf.Tensor, columns: tf.Tensor, tile: int) -> tf.Tensor:
    """Log-sum-exp of each row over its own view, excluding itself; (batch,)."""
    logits = logits_of(x, columns, tile)

    def add(k, top, total):
        return accumulate(logits(k)[0], top, total)[:2]

    start = filled(x, NOTHING), filled(x, 0.0)
    top, total = loop(0, last_tile(columns, tile), add, *start)
    return top + tf.math.log(total)


def choices(
    x: tf.Tensor, columns: tf.Tensor, tile: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Each row against the other view: its softmax, positive and hardest.

    Returns:
      Four float32 tensors (batch,): log-sum-exp of all but the positive, the
      positive's logit, the largest of the others, and their mean under the
      softmax.
    """
    logits = logits_of(x, columns, tile)

    def add(k, top, total, positive, spread):
        others, own = logits(k)
        top, total, decay, parts = accumulate(others, top, total)
        spread = spread * decay + tf.reduce_sum(parts * others, axis=1)
        return top, total, positive + own, spread

    zero = filled(x, 0.0)
    start = filled(x, NOTHING), zero, zero, zero
    top, total, positive, spread = loop(
        0, last_tile(columns, tile), add, *start
    )
    return top + tf.math.log(total), positive, top, spread / total


def accumulate(
    logits: tf.Tensor, top: tf.Tensor, total: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """One step of the running maximum and sum."""
    new = tf.maximum(top, tf.reduce_max(logits, axis=1))
    parts = tf.exp(logits - new[:, tf.newaxis])
    decay = tf.exp(top - new)
    return new, total * decay + tf.reduce_sum(parts, axis=1), decay, parts


def logits_of(
    x: tf.Tensor, columns: tf.Tensor, tile: int
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Function of k: logits of x with tile k, and with one's own column.

    Row i's own column is itself in its own view, the positive in the other.
    It, and padding, is `NOTHING` in the first result, of (batch, tile); the
    second, (batch,), is its logit, or 0 where it stands in another tile.
    """
    blocks, count, own = cut(columns, tile), size(columns), places(x)
    length = size(blocks[0])

    def logits(k):
        ids = k * length + tf.range(length)
        values = tf.matmul(x, blocks[k], transpose_b=True)
        none = _equal(ids, own[:, tf.newaxis]) | (ids >= count)
        place = own - k * length
        here = (place >= 0) & (place < length)
        place = tf.clip_by_value(place, 0, length - 1)
        mine = tf.gather(values, place, axis=1, batch_dims=1)
        return tf.where(none, NOTHING, values), tf.where(here, mine, 0.0)

    return logits


def _equal(x, y):
    """Of int32, by int64: a GPU would leave int32 to the host."""
    return tf.cast(x, tf.int64) == tf.cast(y, tf.int64)


def places(x: tf.Tensor) -> tf.Tensor:
    """Where this replica's rows stand in the global batch."""
    count = size(x)
    return tf.range(count) + distribution.replica_offset(count)


def last_tile(columns: tf.Tensor, tile: int) -> int | tf.Tensor:
    """Number of the last tile, from 0."""
    return -(-size(columns) // tile) - 1


def log_add(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """log(exp(x) + exp(y)), element by element."""
    top = tf.maximum(x, y)
    return top + tf.math.log1p(tf.exp(tf.minimum(x, y) - top))


def filled(x: tf.Tensor, value: float) -> tf.Tensor:
    """The value for each row of x; (batch,)."""
    return tf.fill([size(x)], value)
