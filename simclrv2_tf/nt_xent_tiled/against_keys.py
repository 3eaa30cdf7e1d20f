"""Queries against tiles of keys that have no gradient, and of a memory."""

import tensorflow as tf

from simclrv2_tf.nt_xent_tiled.row_blocks import cut
from simclrv2_tf.nt_xent_tiled.row_blocks import loop
from simclrv2_tf.nt_xent_tiled.tile_sums import NOTHING
from simclrv2_tf.nt_xent_tiled.tile_sums import accumulate
from simclrv2_tf.nt_xent_tiled.tile_sums import choices
from simclrv2_tf.nt_xent_tiled.tile_sums import entropy_of
from simclrv2_tf.nt_xent_tiled.tile_sums import everywhere
from simclrv2_tf.nt_xent_tiled.tile_sums import last_tile
from simclrv2_tf.nt_xent_tiled.tile_sums import log_add
from simclrv2_tf.nt_xent_tiled.tile_sums import logits_of
from simclrv2_tf.nt_xent_tiled.tile_sums import others
from simclrv2_tf.nt_xent_tiled.tile_sums import places


def compare_with_keys(a, b, keys_a, keys_b, memory, temperature, tile):
    """NT-Xent of each pair's queries against keys, accuracy and entropy.

    Args:
        a: float32 (batch, dim), queries of the first views.
        b: float32 (batch, dim), of the second.
        keys_a: float32 (global_batch, dim), keys of all replicas' first views.
        keys_b: float32 (global_batch, dim), of their second views.
        memory: More negatives, with `size`, their number `filled` and
            `rows(places)`; None for none. Read a tile at a time.
        temperature: Divides the similarities, above 0.
        tile: Columns made at a time.

    Returns:
        As `nt_xent_tiled.compare`.
    """
    a_loss, accuracy, entropy = _direction(tile, keys_b, keys_a, memory)(
        a / temperature
    )
    b_loss, _, _ = _direction(tile, keys_a, keys_b, memory)(b / temperature)
    return a_loss + b_loss, accuracy, entropy


def _direction(tile, positives, own_view, memory):
    """Function of queries: cross-entropy, accuracy and entropy of each."""

    @tf.custom_gradient
    def run(x):
        ab, positive, hardest, mean = choices(x, positives, tile)
        odds = log_add(ab, others(x, own_view, tile))
        if memory is not None:
            odds = log_add(odds, _remembered(x, memory, tile))
        loss = tf.nn.softplus(odds - positive)
        accuracy = tf.cast(hardest < positive, tf.float32)
        entropy = entropy_of(ab - positive, mean - positive)

        def gradient(upstream, *_):
            log = positive + loss
            to_x = tf.math.expm1(-loss)[:, tf.newaxis] * _mine(x, positives)
            to_x += _pushed(x, log, positives, tile)
            to_x += _pushed(x, log, own_view, tile)
            if memory is not None:
                to_x += _pushed_by_memory(x, log, memory, tile)
            return upstream[:, tf.newaxis] * to_x

        return (loss, accuracy, entropy), gradient

    return run


def _mine(x, columns):
    """Each row's own column."""
    return tf.gather(columns, places(x))


def _pushed(x, log, columns, tile):
    """Sum over all columns but one's own of P_ij z_j; (batch, dim)."""
    logits, blocks = logits_of(x, columns, tile), cut(columns, tile)

    def add(k, total):
        parts = tf.exp(logits(k)[0] - log[:, tf.newaxis])
        return (total + parts @ blocks[k],)

    return loop(0, last_tile(columns, tile), add, tf.zeros_like(x))[0]


def _remembered(x, memory, tile):
    """Log of the sum of exponentials over a memory, -inf if it is empty."""
    tile_of = _tile_of(x, memory, tile)

    def add(k, top, total):
        return accumulate(tile_of(k)[0], top, total)[:2]

    start = everywhere(x, NOTHING), everywhere(x, 0.0)
    top, total = loop(0, _last_filled(memory, tile), add, *start)
    return top + tf.math.log(total)


def _pushed_by_memory(x, log, memory, tile):
    tile_of = _tile_of(x, memory, tile)

    def add(k, total):
        logits, columns = tile_of(k)
        return (total + tf.exp(logits - log[:, tf.newaxis]) @ columns,)

    return loop(0, _last_filled(memory, tile), add, tf.zeros_like(x))[0]


def _tile_of(x, memory, tile):
    """Function of k: logits of x with tile k of a memory, and the tile."""
    tile = min(tile, memory.size)
    filled = memory.filled

    def tile_of(k):
        ids = k * tile + tf.range(tile)
        columns = memory.rows(tf.minimum(ids, memory.size - 1))
        logits = tf.matmul(x, columns, transpose_b=True)
        return tf.where(ids < filled, logits, NOTHING), columns

    return tile_of


def _last_filled(memory, tile):
    return -(-memory.filled // min(tile, memory.size)) - 1
