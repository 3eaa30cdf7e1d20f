"""Tiles that serve rows and columns: all embeddings here, logits bounded.

Blocks of embeddings stand in a ring. At offset k each block meets the k-th
after it, all at once in one batched product: within a view half a round
meets everybody, across views it takes a whole round. A tile's row sums go
to the block, its column sums to the block ahead.
"""

import tensorflow as tf

from simclrv2_tf.nt_xent_tiled.blocks import cut
from simclrv2_tf.nt_xent_tiled.blocks import join
from simclrv2_tf.nt_xent_tiled.blocks import loop
from simclrv2_tf.nt_xent_tiled.blocks import size

_HUGE = 1e9  # minus this, or times this and a bound, exp is 0 in float32


def pairs(a, b, bound, tile):
    """Loss, accuracy and entropy of each pair.

    Args:
        a: float32 (batch, dim), divided by the root of the temperature.
        b: likewise, the partners.
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
        ab, ba, spread, partner, rival = _across(left[:, 0], right[:, 1])
        sums = _within(left, right) + tf.stack([ab, ba], axis=1)
        sums = _unless_padding(sums)
        loss = tf.reduce_sum(tf.math.log(sums), axis=1) - 2 * partner
        entropy = tf.math.log(_unless_padding(ab)) - spread / ab
        accuracy = tf.cast(rival < partner, tf.float32)

        def gradient(upstream, *_):
            share = cut(upstream, tile)[:, tf.newaxis] / sums
            total = _within_gradient(left, right, views, share)
            total += _across_gradient(left, right, views, share)
            pull = 2 * upstream[:, tf.newaxis]
            to_a, to_b = (join(total[:, i], count) for i in range(2))
            return to_a - pull * b, to_b - pull * a

        results = (join(x, count) for x in (loss, accuracy, entropy))
        return tuple(results), gradient

    return run


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
        The sums of exponentials of the first views, and of the second; the
        first views' sum of logit * exponential; the logit of the partner,
        and the largest of another; all logits less the bound.
    """
    logits = _logits(left, right, 0)
    partner = tf.linalg.diag_part(logits)
    tiles = tf.exp(logits)
    start = (
        tf.reduce_sum(tiles, axis=-1),
        tf.reduce_sum(tiles, axis=-2),
        tf.reduce_sum(tiles * logits, axis=-1),
        tf.reduce_max(
            tf.linalg.set_diag(logits, tf.fill(tf.shape(partner), -_HUGE)), -1
        ),
    )

    def add(k, ab, ba, spread, rival):
        logits = _logits(left, right, k)
        tiles = tf.exp(logits)
        return (
            ab + tf.reduce_sum(tiles, axis=-1),
            ba + _behind(tf.reduce_sum(tiles, axis=-2), k),
            spread + tf.reduce_sum(tiles * logits, axis=-1),
            tf.maximum(rival, tf.reduce_max(logits, axis=-1)),
        )

    ab, ba, spread, rival = loop(1, size(left) - 1, add, *start)
    return ab, ba, spread, partner, rival


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
    (a, b), (share_a, share_b) = (tf.unstack(x, axis=1) for x in (views, share))

    def add(k, to_a, to_b):
        tiles = _weights(left[:, 0], right[:, 1], share_a, share_b, k)
        columns = tf.matmul(tiles, a, transpose_a=True)
        return to_a + tiles @ _ahead(b, k), to_b + _behind(columns, k)

    zeros = tf.zeros_like(a)
    return tf.stack(loop(0, size(a) - 1, add, zeros, zeros), axis=1)


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


def _unless_padding(sums):
    return tf.where(sums > 0, sums, 1.0)
