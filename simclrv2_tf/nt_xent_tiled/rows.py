"""Own embeddings against tiles of all replicas', with a running maximum."""

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.nt_xent_tiled.row_blocks import cut
from simclrv2_tf.nt_xent_tiled.row_blocks import loop
from simclrv2_tf.nt_xent_tiled.row_blocks import size

_NOTHING = -1e30  # exp of it, less any logit, is 0; sums of it are finite


def rows(a, b, tile):
    """Loss, accuracy and entropy of each of this replica's pairs.

    Args:
        a: float32 (batch, dim), divided by the root of the temperature.
        b: likewise, the positives.
        tile: The largest number of columns made at a time.

    Returns:
        Three float32 tensors (batch,), see `nt_xent_tiled.compare`.
    """
    return _rows(tile)(a, b)


def _rows(tile):
    @tf.custom_gradient
    def run(a, b):
        joined = distribution.all_gather(tf.concat([a, b], axis=1))
        all_a, all_b = tf.split(joined, 2, axis=1)  # (global_batch, dim)
        aa, bb = _others(a, all_a, tile), _others(b, all_b, tile)
        ab, positive_ab, hardest, mean = _choices(a, all_b, tile)
        ba, positive_ba, _, _ = _choices(b, all_a, tile)
        # All others against the positive; small losses keep their precision.
        loss_a = tf.nn.softplus(_log_add(aa, ab) - positive_ab)
        loss_b = tf.nn.softplus(_log_add(bb, ba) - positive_ba)
        accuracy = tf.cast(hardest < positive_ab, tf.float32)
        entropy = _entropy(ab - positive_ab, mean - positive_ab)

        def gradient(upstream, *_):
            log_a, log_b = positive_ab + loss_a, positive_ba + loss_b
            all_replicas = distribution.all_gather(
                tf.stack([log_a, log_b, upstream], axis=1)
            )
            all_log_a, all_log_b, arrived = tf.unstack(all_replicas, axis=1)
            of_a, of_b = (a, log_a, upstream), (b, log_b, upstream)
            all_of_a = all_a, all_log_a, arrived
            all_of_b = all_b, all_log_b, arrived
            pull = upstream * (tf.math.expm1(-loss_a) + tf.math.expm1(-loss_b))
            to_a = pull[:, tf.newaxis] * b
            to_a += _push(of_a, all_of_a, tile) + _push(of_a, all_of_b, tile)
            to_b = pull[:, tf.newaxis] * a
            to_b += _push(of_b, all_of_b, tile) + _push(of_b, all_of_a, tile)
            return to_a, to_b

        return (loss_a + loss_b, accuracy, entropy), gradient

    return run


def _entropy(odds, mean):
    """Of a softmax, in nats.

    Args:
        odds: Log of the sum of exponentials of all but the positive.
        mean: The mean logit of the same, both less the positive's.
    """
    return tf.nn.softplus(odds) - tf.nn.sigmoid(odds) * mean


def _others(x, columns, tile):
    """Log of the sum over one's own view, without oneself; (batch,)."""
    logits = _logits(x, columns, tile)

    def add(k, top, total):
        return _accumulate(logits(k)[0], top, total)[:2]

    start = _everywhere(x, _NOTHING), _everywhere(x, 0.0)
    top, total = loop(0, _last(columns, tile), add, *start)
    return top + tf.math.log(total)


def _choices(x, columns, tile):
    """What each row makes of the other view; (batch,) each.

    Returns:
        The log of the sum of exponentials of all but the positive, the logit
        of the positive, the largest of another, and the others' mean logit.
    """
    logits = _logits(x, columns, tile)

    def add(k, top, total, positive, spread):
        others, own = logits(k)
        top, total, decay, parts = _accumulate(others, top, total)
        spread = spread * decay + tf.reduce_sum(parts * others, axis=1)
        return top, total, positive + own, spread

    zero = _everywhere(x, 0.0)
    start = _everywhere(x, _NOTHING), zero, zero, zero
    top, total, positive, spread = loop(0, _last(columns, tile), add, *start)
    return top + tf.math.log(total), positive, top, spread / total


def _accumulate(logits, top, total):
    """One step of the running maximum and sum."""
    new = tf.maximum(top, tf.reduce_max(logits, axis=1))
    parts = tf.exp(logits - new[:, tf.newaxis])
    decay = tf.exp(top - new)
    return new, total * decay + tf.reduce_sum(parts, axis=1), decay, parts


def _push(mine, all_replicas, tile):
    """Sum over others j of (g_i P_ij + g_j P_ji) z_j; (batch, dim)."""
    x, log, g = mine
    columns, logs, gs = (cut(values, tile) for values in all_replicas)
    logits = _logits(x, all_replicas[0], tile)

    def add(k, total):
        values, _ = logits(k)
        parts = tf.exp(values - log[:, tf.newaxis]) * g[:, tf.newaxis]
        parts += tf.exp(values - logs[k]) * gs[k]
        return (total + parts @ columns[k],)

    return loop(0, _last(all_replicas[0], tile), add, tf.zeros_like(x))[0]


def _logits(x, columns, tile):
    """Function of k: logits of x with tile k, and with one's own column.

    Row i's own column is itself in its own view, the positive in the other.
    It, and padding, is `_NOTHING` in the first result, of (batch, tile); the
    second, (batch,), is its logit, or 0 where it stands in another tile.
    """
    blocks, count, own = cut(columns, tile), size(columns), _own(x)
    length = size(blocks[0])

    def logits(k):
        ids = k * length + tf.range(length)
        values = tf.matmul(x, blocks[k], transpose_b=True)
        none = (ids == own[:, tf.newaxis]) | (ids >= count)
        place = own - k * length
        here = (place >= 0) & (place < length)
        place = tf.clip_by_value(place, 0, length - 1)
        mine = tf.gather(values, place, axis=1, batch_dims=1)
        return tf.where(none, _NOTHING, values), tf.where(here, mine, 0.0)

    return logits


def _own(x):
    """Where this replica's rows stand in the global batch."""
    count = size(x)
    return tf.range(count) + distribution.replica_offset(count)


def _last(columns, tile):
    return -(-size(columns) // tile) - 1


def _log_add(x, y):
    top = tf.maximum(x, y)
    return top + tf.math.log1p(tf.exp(tf.minimum(x, y) - top))


def _everywhere(x, value):
    return tf.fill([size(x)], value)
