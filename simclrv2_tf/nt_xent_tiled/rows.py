"""Own embeddings against tiles of everybody's, with a running maximum."""

import tensorflow as tf

from simclrv2_tf import distribution

_NOTHING = tf.float32.min / 2  # exp of it, less any logit, is 0


def rows(a, b, tile):
    """Loss, accuracy and entropy of each of this replica's pairs.

    Args:
        a: float32 (batch, dim), divided by the root of the temperature.
        b: likewise, the partners.
        tile: The largest number of columns made at a time.

    Returns:
        Three float32 tensors (batch,), see `nt_xent_tiled.compare`.
    """
    return _rows(tile)(a, b)


def _rows(tile):
    @tf.custom_gradient
    def run(a, b):
        dim = a.shape[1]
        everybody = distribution.all_gather(tf.concat([a, b], axis=1))
        columns_a = _Columns(a, everybody[:, :dim], tile)
        columns_b = _Columns(b, everybody[:, dim:], tile)
        aa, bb = _others(a, columns_a), _others(b, columns_b)
        ab, partner_ab, rival, spread = _choices(a, columns_b)
        ba, partner_ba, _, _ = _choices(b, columns_a)
        log_a, log_b = _log_add(aa, ab), _log_add(bb, ba)
        loss = log_a - partner_ab + log_b - partner_ba
        accuracy = tf.cast(rival < partner_ab, tf.float32)

        def gradient(upstream, *_):
            mine = tf.stack([log_a, log_b, upstream], axis=1)
            all_a, all_b, arrived = tf.unstack(
                distribution.all_gather(mine), axis=1
            )
            pull = 2 * upstream[:, tf.newaxis]
            to_a = -pull * b
            to_a += columns_a.pull(a, log_a, upstream, all_a, arrived, True)
            to_a += columns_b.pull(a, log_a, upstream, all_b, arrived, False)
            to_b = -pull * a
            to_b += columns_b.pull(b, log_b, upstream, all_b, arrived, True)
            to_b += columns_a.pull(b, log_b, upstream, all_a, arrived, False)
            return to_a, to_b

        return (loss, accuracy, ab - spread), gradient

    return run
