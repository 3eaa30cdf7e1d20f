"""Queries against tiles of keys that have no gradient, and of a memory.

A query's gradient is that of its own softmax alone: the mean of the columns
under it, less the positive. So one pass makes the sums of exponentials and
those means together, with a running maximum, and nothing is made again.
"""

from __future__ import annotations

import functools
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from simclrv2_tf.nt_xent_tiled.row_blocks import cut
from simclrv2_tf.nt_xent_tiled.row_blocks import loop
from simclrv2_tf.nt_xent_tiled.tile_sums import NOTHING
from simclrv2_tf.nt_xent_tiled.tile_sums import accumulate
from simclrv2_tf.nt_xent_tiled.tile_sums import entropy_of
from simclrv2_tf.nt_xent_tiled.tile_sums import filled
from simclrv2_tf.nt_xent_tiled.tile_sums import last_tile
from simclrv2_tf.nt_xent_tiled.tile_sums import log_add
from simclrv2_tf.nt_xent_tiled.tile_sums import logits_of
from simclrv2_tf.nt_xent_tiled.tile_sums import places


class _Seen(NamedTuple):
    """Sums of rows over a set of columns, their own left out.

    Attributes:
      log: Log of the sum of exponentials, -inf of no column; (batch,).
      mean: Mean of the columns under their softmax; (batch, dim).
      largest: The largest logit; (batch,).
      own: The logit of one's own column; (batch,).
    """

    log: tf.Tensor
    mean: tf.Tensor
    largest: tf.Tensor
    own: tf.Tensor


def compare_with_keys(
    a: tf.Tensor,
    b: tf.Tensor,
    keys_a: tf.Tensor,
    keys_b: tf.Tensor,
    memory: Any,
    temperature: float,
    tile: int,
    tile_of_memory: int | None = None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """NT-Xent of each pair's queries against keys, accuracy and entropy.

    Args:
      a: float32 (batch, dim), queries of the first views.
      b: float32 (batch, dim), of the second.
      keys_a: float32 (global_batch, dim), keys of all replicas' first views.
      keys_b: float32 (global_batch, dim), of their second views.
      memory: More negatives, with `size`, their number `filled` and
        `rows(places)`; None for none.
      temperature: Divides the similarities, above 0.
      tile: Columns made at a time.
      tile_of_memory: Of the memory; None for `tile`.

    Returns:
      As `nt_xent_tiled.compare`.
    """
    remembered = memory, tile_of_memory or tile
    a_loss, accuracy, entropy = _direction(tile, keys_b, keys_a, *remembered)(
        a / temperature
    )
    b_loss, _, _ = _direction(tile, keys_a, keys_b, *remembered)(
        b / temperature
    )
    return a_loss + b_loss, accuracy, entropy


def _direction(tile, positives, own_view, memory, tile_of_memory):
    """Function of queries: cross-entropy, accuracy and entropy of each."""

    @tf.custom_gradient
    def run(x):
        near = _see(x, *_columns(x, positives, tile))
        sets = [near, _see(x, *_columns(x, own_view, tile))]
        if memory is not None:
            sets.append(_see(x, *_remembered(x, memory, tile_of_memory)))
        odds = functools.reduce(log_add, [seen.log for seen in sets])
        loss = tf.nn.softplus(odds - near.own)
        accuracy = tf.cast(near.largest < near.own, tf.float32)
        mean = tf.reduce_sum(x * near.mean, axis=1)
        entropy = entropy_of(near.log - near.own, mean - near.own)

        def gradient(upstream, *_):
            to_x = _each(tf.math.expm1(-loss), tf.gather(positives, places(x)))
            for seen in sets:
                share = tf.exp(seen.log - near.own - loss)
                to_x += _each(share, seen.mean)
            return _each(upstream, to_x)

        return (loss, accuracy, entropy), gradient

    return run


def _each(factors, rows):
    return factors[:, tf.newaxis] * rows


def _see(x, tile_of, last):
    """Sums of rows over the tiles from 0 to `last`, a `_Seen`."""

    def add(k, top, total, pulled, positive):
        logits, own, columns = tile_of(k)
        top, total, decay, parts = accumulate(logits, top, total)
        pulled = _each(decay, pulled) + parts @ columns
        return top, total, pulled, positive + own

    zero = filled(x, 0.0)
    start = filled(x, NOTHING), zero, tf.zeros_like(x), zero
    top, total, pulled, own = loop(0, last, add, *start)
    mean = tf.math.divide_no_nan(pulled, total[:, tf.newaxis])
    return _Seen(top + tf.math.log(total), mean, top, own)


def _columns(x, columns, tile):
    """Function of k: logits of x with tile k, its own, the tile; the last k."""
    logits, blocks = logits_of(x, columns, tile), cut(columns, tile)
    return lambda k: (*logits(k), blocks[k]), last_tile(columns, tile)


def _remembered(x, memory, tile):
    """As `_columns`, for memory keys: no column is the row's own."""
    tile, count = min(tile, memory.size), memory.filled

    def tile_of(k):
        ids = k * tile + tf.range(tile)
        columns = memory.rows(tf.minimum(ids, memory.size - 1))
        logits = tf.matmul(x, columns, transpose_b=True)
        logits = tf.cond(  # one pass over all logits less, but at the end
            (k + 1) * tile <= count,
            lambda: logits,
            lambda: tf.where(ids < count, logits, NOTHING),
        )
        return logits, filled(x, 0.0), columns

    return tile_of, -(-count // tile) - 1
