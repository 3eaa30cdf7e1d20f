"""Own embeddings against tiles of all replicas', and back."""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.nt_xent_tiled.row_blocks import cut
from simclrv2_tf.nt_xent_tiled.row_blocks import loop
from simclrv2_tf.nt_xent_tiled.tile_sums import choices
from simclrv2_tf.nt_xent_tiled.tile_sums import entropy_of
from simclrv2_tf.nt_xent_tiled.tile_sums import last_tile
from simclrv2_tf.nt_xent_tiled.tile_sums import log_add
from simclrv2_tf.nt_xent_tiled.tile_sums import logits_of
from simclrv2_tf.nt_xent_tiled.tile_sums import others


def rows(
    a: tf.Tensor, b: tf.Tensor, tile: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
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
        aa, bb = others(a, all_a, tile), others(b, all_b, tile)
        ab, positive_ab, hardest, mean = choices(a, all_b, tile)
        ba, positive_ba, _, _ = choices(b, all_a, tile)
        # All others against the positive; small losses keep their precision.
        loss_a = tf.nn.softplus(log_add(aa, ab) - positive_ab)
        loss_b = tf.nn.softplus(log_add(bb, ba) - positive_ba)
        accuracy = tf.cast(hardest < positive_ab, tf.float32)
        entropy = entropy_of(ab - positive_ab, mean - positive_ab)

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


def _push(mine, all_replicas, tile):
    """Sum over others j of (g_i P_ij + g_j P_ji) z_j; (batch, dim)."""
    x, log, g = mine
    columns, logs, gs = (cut(values, tile) for values in all_replicas)
    logits = logits_of(x, all_replicas[0], tile)

    def add(k, total):
        values, _ = logits(k)
        parts = tf.exp(values - log[:, tf.newaxis]) * g[:, tf.newaxis]
        parts += tf.exp(values - logs[k]) * gs[k]
        return (total + parts @ columns[k],)

    return loop(0, last_tile(all_replicas[0], tile), add, tf.zeros_like(x))[0]
