"""Tiles that serve rows and columns: all embeddings here, logits bounded.

Blocks of embeddings stand in a ring. At offset k each block meets the k-th
after it, all at once in one batched product: within a view half a round
meets all others, across views it takes a whole round. A tile's row sums go
to the block, its column sums to the block ahead.
"""

import tensorflow as tf

from simclrv2_tf.nt_xent_tiled.row_blocks import cut
from simclrv2_tf.nt_xent_tiled.row_blocks import join
from simclrv2_tf.nt_xent_tiled.row_blocks import loop
from simclrv2_tf.nt_xent_tiled.row_blocks import size

_HUGE = 1e9  # minus this, or times this and a bound, exp is 0 in float32


def pairs(a, b, bound, tile):
    """Loss, accuracy and entropy of each pair.

    Args:
        a: float32 (batch, dim), divided by the root of the temperature.
        b: likewise, the positives.
        bound: The largest possible product of two embeddings.
        tile: The largest number of embeddings in a block.

    Returns:
        Three float32 tensors (batch,), see `nt_xent_tiled.compare`.
    """
    return _pairs(bound, tile)(a, b)


def _pairs(bound, tile):
    @tf.custom_gradient
    def run(a, b):
        count = size(a)
        # Blocks come first, views second: (blocks, 2, rows, dim).
        views = tf.stack([cut(a, tile), cut(b, tile)], axis=1)
        left, right = _bordered(views, count, bound)
        ab, ba, spread, positive, hardest = _across(left[:, 0], right[:, 1])
        accuracy = tf.cast(hardest < positive, tf.float32)
        positive = tf.maximum(positive, -2 * bound)  # of padding, say this
        # All others against the positive; small sums keep their precision.
        scale = tf.exp(-positive)[:, tf.newaxis]
        sums = _within(left, right) + tf.stack([ab, ba], axis=1)
        losses = tf.math.log1p(sums * scale)  # (blocks, 2, rows)
        entropy = _entropy(ab, spread, positive)

        def gradient(upstream, *_):
            blocks = cut(upstream, tile)[:, tf.newaxis]
            share = blocks * scale * tf.exp(-losses)
            total = _within_gradient(left, right, views, share)
            total += _across_gradient(left, right, views, share)
            pull = blocks * tf.reduce_sum(
                tf.math.expm1(-losses), axis=1, keepdims=True
            )
            total += pull[..., tf.newaxis] * views[:, ::-1]
            return join(total[:, 0], count), join(total[:, 1], count)

        loss = tf.reduce_sum(losses, axis=1)
        results = (join(x, count) for x in (loss, accuracy, entropy))
        return tuple(results), gradient

    return run


def _entropy(others, spread, positive):
    """Of the softmax with these sums: log Z - mean of (logit - positive)."""
    odds = tf.exp(-positive)
    whole = 1 + odds * others
    mean = odds * (spread - positive * others) / whole
    return tf.math.log(whole) - mean


def _bordered(views, count, bound):
    """Adds a column with which left @ right.T is logit - bound.

    Where either side is padding it is hugely negative instead, and exp 0.
    """
    blocks, rows = size(views), views.shape[2]
    rows = tf.shape(views)[2] if rows is None else rows
    real = tf.reshape(tf.range(blocks * rows) < count, (blocks, 1, rows, 1))
    real = tf.repeat(real, 2, axis=1)
    left = tf.where(real, 1.0, _HUGE)
    right = tf.where(real, -bound, -_HUGE)
    return tf.concat([views, left], -1), tf.concat([views, right], -1)


def _within(left, right):
    """Sums over one's own view, without oneself: (blocks, 2, rows)."""
    blocks = size(left)

    def add(k, sums):
        tiles = tf.exp(_logits(left, right, k))
        columns = _behind(tf.reduce_sum(tiles, axis=-2), k)
        rows = tf.reduce_sum(tiles, axis=-1)
        return (sums + rows + columns * _if_new(k, blocks),)

    own = _without_diagonal(tf.exp(_logits(left, right, 0)))
    return loop(1, blocks // 2, add, tf.reduce_sum(own, axis=-1))[0]


def _across(left, right):
    """What first and second views make of each other; (blocks, rows) each.

    Returns:
        The sums of exponentials of all but the positive, of the first views
        and of the second; the first views' sum of logit * exponential, again
        of all others; the logit of the positive, and the largest of another;
        all logits less the bound.
    """
    meeting = _logits(left, right, 0)
    positive = tf.linalg.diag_part(meeting)
    others = tf.linalg.set_diag(meeting, tf.fill(tf.shape(positive), -_HUGE))

    def count(logits):
        tiles = tf.exp(logits)
        return (
            tf.reduce_sum(tiles, axis=-1),
            tf.reduce_sum(tiles, axis=-2),
            tf.reduce_sum(tiles * logits, axis=-1),
            tf.reduce_max(logits, axis=-1),
        )

    def add(k, ab, ba, spread, hardest):
        rows, columns, products, largest = count(_logits(left, right, k))
        ba += _behind(columns, k)
        return (
            ab + rows,
            ba,
            spread + products,
            tf.maximum(hardest, largest),
        )

    ab, ba, spread, hardest = loop(1, size(left) - 1, add, *count(others))
    return ab, ba, spread, positive, hardest


def _within_gradient(left, right, views, share):
    blocks = size(left)

    def add(k, total):
        tiles = _weights(left, right, share, share, k)
        columns = tf.matmul(tiles, views, transpose_a=True)
        columns = _behind(columns, k) * _if_new(k, blocks)
        return (total + tiles @ _ahead(views, k) + columns,)

    own = _without_diagonal(_weights(left, right, share, share, 0))
    return loop(1, blocks // 2, add, own @ views)[0]


def _across_gradient(left, right, views, share):
    a, b = tf.unstack(views, axis=1)
    share_a, share_b = tf.unstack(share, axis=1)

    def weights(k):
        return _weights(left[:, 0], right[:, 1], share_a, share_b, k)

    def add(k, to_a, to_b):
        tiles = weights(k)
        columns = tf.matmul(tiles, a, transpose_a=True)
        return to_a + tiles @ _ahead(b, k), to_b + _behind(columns, k)

    others = _without_diagonal(weights(0))
    start = others @ b, tf.matmul(others, a, transpose_a=True)
    return tf.stack(loop(1, size(a) - 1, add, *start), axis=1)


def _logits(left, right, k):
    return tf.matmul(left, _ahead(right, k), transpose_b=True)


def _weights(left, right, share, share_ahead, k):
    """g_i P_ij + g_j P_ji of a tile."""
    both = share[..., tf.newaxis] + _ahead(share_ahead, k)[..., tf.newaxis, :]
    return tf.exp(_logits(left, right, k)) * both


def _ahead(x, k):
    return tf.roll(x, -k, axis=0)


def _behind(x, k):
    return tf.roll(x, k, axis=0)


def _if_new(k, blocks):
    """0 half-way round, where two blocks meet a second time; else 1."""
    return tf.cast(tf.not_equal(2 * k, blocks), tf.float32)


def _without_diagonal(tiles):
    return tf.linalg.set_diag(tiles, tf.zeros(tf.shape(tiles)[:-1]))
