"""NT-Xent, the contrastive loss of SimCLR."""

from typing import NamedTuple

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.losses.cross_entropy import check_temperature

# Taken from the logit of an example with itself: exp of it is 0 in float32,
# yet it is finite, so that a batch of one pair has a loss (of 0).
_LARGE = 1e9


class ContrastiveResult(NamedTuple):
    """What NT-Xent says of each of this replica's pairs; all (batch,).

    Attributes:
        loss: float32, the sum of both directions' cross-entropies.
        accuracy: float32, 1 where the other view of the same image is the
            nearest among all second views, else 0.
        entropy: float32, of the softmax over all second views, in nats.
    """

    loss: tf.Tensor
    accuracy: tf.Tensor
    entropy: tf.Tensor


@keras.saving.register_keras_serializable(package="simclrv2_tf")
class NTXent(keras.losses.Loss):
    """Pulls two views of an image together, pushes all others apart.

    Each view's partner is to be found among all 2N - 1 other views of the
    global batch, in both directions (SimCLR, arXiv 2002.05709, equation 1).
    As in the original release, the value of a pair is the *sum* of both
    directions; the mean over pairs is twice the paper's mean over views, and
    2 log(2N - 1) is chance.

    Args:
        temperature: float above 0 that divides the similarities.
        hidden_norm: whether to normalise the embeddings to length 1, which
            makes the similarities cosines.
        reduction: as in `keras.losses.Loss`.
        name: as in `keras.losses.Loss`.

    Example:

    >>> loss = NTXent(temperature=0.1)
    >>> per_pair = loss.call(view_a, view_b)  # (batch,)
    """

    def __init__(
        self,
        temperature=0.1,
        hidden_norm=True,
        reduction="sum_over_batch_size",
        name="nt_xent",
    ):
        super().__init__(name=name, reduction=reduction)
        check_temperature(temperature)
        self.temperature = temperature
        self.hidden_norm = hidden_norm

    def call(self, view_a, view_b):
        """Returns one value per pair, float32 (batch,); see `nt_xent`."""
        return self.evaluate(view_a, view_b).loss

    def evaluate(self, view_a, view_b):
        """Returns loss, accuracy and entropy per pair in one go."""
        return nt_xent(view_a, view_b, self.temperature, self.hidden_norm)

    def get_config(self):
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "hidden_norm": self.hidden_norm,
        }


def nt_xent(view_a, view_b, temperature=0.1, hidden_norm=True):
    """Computes NT-Xent and its metrics from embeddings, densely.

    Inside a replica's step the candidates are gathered from all replicas,
    and the gradient flows back to them.

    Args:
        view_a: tensor (batch, dim), embeddings of the first views.
        view_b: tensor (batch, dim), embeddings of the second views, row i
            being the partner of row i of `view_a`.
        temperature: float above 0.
        hidden_norm: whether to normalise the embeddings to length 1.

    Returns:
        A `ContrastiveResult`, computed in float32 whatever the inputs are
        (in float64 if they are that).
    """
    a, b = _embeddings(view_a, view_b, hidden_norm)
    all_a = distribution.all_gather(a)  # (global_batch, dim)
    all_b = distribution.all_gather(b)
    labels = _labels(a)
    itself = _LARGE * tf.one_hot(labels, tf.shape(all_a)[0], dtype=a.dtype)
    aa = _similarity(a, all_a, temperature) - itself
    bb = _similarity(b, all_b, temperature) - itself
    ab = _similarity(a, all_b, temperature)  # (batch, global_batch)
    ba = _similarity(b, all_a, temperature)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels, tf.concat([ab, aa], 1)
    ) + tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels, tf.concat([ba, bb], 1)
    )
    return ContrastiveResult(loss, *contrastive_metrics(ab, labels))


def contrastive_logits(view_a, view_b, temperature=0.1, hidden_norm=True):
    """Compares each first view with all second views.

    Args: as `nt_xent`.

    Returns:
        logits: (batch, global_batch), similarity / temperature.
        labels: int32 (batch,), the column of each row's partner.
    """
    a, b = _embeddings(view_a, view_b, hidden_norm)
    logits = _similarity(a, distribution.all_gather(b), temperature)
    return logits, _labels(a)


def contrastive_metrics(logits, labels):
    """Returns accuracy and entropy per row, no gradient; see
    `ContrastiveResult`.

    Args:
        logits: (batch, global_batch), as from `contrastive_logits`.
        labels: int (batch,), the column of each row's partner.
    """
    logits = tf.stop_gradient(logits)
    nearest = tf.argmax(logits, axis=1, output_type=labels.dtype)
    log_p = tf.nn.log_softmax(logits)
    entropy = -tf.reduce_sum(tf.exp(log_p) * log_p, axis=1)
    return tf.cast(nearest == labels, logits.dtype), entropy


def _embeddings(view_a, view_b, hidden_norm):
    views = [_at_least_float32(view) for view in (view_a, view_b)]
    if not views[0].shape.is_compatible_with(views[1].shape):
        raise ValueError(
            "The two views must have the same shape (batch, dim). Received: "
            f"view_a of shape {views[0].shape}, view_b of {views[1].shape}."
        )
    if hidden_norm:
        views = [tf.math.l2_normalize(view, axis=-1) for view in views]
    return views


def _at_least_float32(x):
    x = tf.convert_to_tensor(x)
    return x if x.dtype == tf.float64 else tf.cast(x, tf.float32)


def _labels(embeddings):
    batch = tf.shape(embeddings)[0]
    return tf.range(batch) + distribution.replica_offset(batch)


def _similarity(a, b, temperature):
    return tf.matmul(a, b, transpose_b=True) / temperature
