"""NT-Xent, supervised and distillation cross-entropy; one value an example."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import nt_xent_tiled

# Global batches above this many pairs are done in tiles: the dense form's
# matrices would take hundreds of megabytes there, and it is slower.
DENSE_PAIRS = 1024


class Contrast(NamedTuple):
    """NT-Xent of each pair of a batch; float32 (batch,) each.

    Attributes:
      loss: Of both directions.
      accuracy: Whether the other view is the nearest of the batch.
      entropy: Of that choice.
    """

    loss: tf.Tensor
    accuracy: tf.Tensor
    entropy: tf.Tensor


@keras.saving.register_keras_serializable("simclrv2_tf")
class NTXent(keras.losses.Loss):
    """The normalised temperature-scaled cross-entropy of two views (NT-Xent).

    Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
    Representations", equation 1. As in the original release a pair's value is
    the sum of both directions, so the mean over pairs is twice the paper's
    mean over all 2N anchors; chance level is 2 log(2N - 1). Negatives come
    from all replicas, and gradients flow back to them.

    Args:
      temperature: Divides the similarities, above 0.
      hidden_norm: Whether projections are normalised to length 1, so that
        similarities are cosines.
      tile: Columns of logits made at a time: the same loss and gradient in
        memory of batch * tile, not batch * batch. 0 makes all at once;
        "auto" chooses by the size of the global batch.
      name: Name of the loss.

    Returns:
      From two float tensors (batch, features), row i of both from one image,
      float32 (batch,).

    Raises:
      ValueError: If `temperature` is not above 0.

    Example:
      >>> NTXent(temperature=0.5)(tf.eye(4), tf.eye(4))
    """

    def __init__(
        self,
        temperature: float = 0.1,
        hidden_norm: bool = True,
        tile: int | str = "auto",
        name: str = "nt_xent",
    ) -> None:
        super().__init__(name=name)
        if not temperature > 0:
            raise ValueError(
                f"`temperature` must be above 0. Received: {temperature}"
            )
        if tile != "auto" and not (isinstance(tile, int) and tile >= 0):
            raise ValueError(
                "`tile` must be 'auto', 0 for none, or a number of columns. "
                f"Received: tile={tile!r}"
            )
        self.temperature = temperature
        self.hidden_norm = hidden_norm
        self.tile = tile

    def call(self, view_a: tf.Tensor, view_b: tf.Tensor) -> tf.Tensor:
        return self.compare(view_a, view_b).loss

    def compare(self, view_a: tf.Tensor, view_b: tf.Tensor) -> Contrast:
        """The loss with its accuracy and entropy, a `Contrast`."""
        return compare(
            view_a, view_b, self.temperature, self.hidden_norm, self.tile
        )

    def get_config(self) -> dict[str, Any]:
        return {
            "temperature": self.temperature,
            "hidden_norm": self.hidden_norm,
            "tile": self.tile,
            "name": self.name,
        }


def compare(
    view_a: tf.Tensor,
    view_b: tf.Tensor,
    temperature: float = 0.1,
    hidden_norm: bool = True,
    tile: int | str = "auto",
) -> Contrast:
    """NT-Xent of two views, see `NTXent`; float32 whatever comes in."""
    a, b = (tf.cast(view, tf.float32) for view in (view_a, view_b))
    if hidden_norm:
        a, b = tf.nn.l2_normalize(a, axis=-1), tf.nn.l2_normalize(b, axis=-1)
    if tile == "auto":
        tile = nt_xent_tiled.TILE if _is_large(a) else 0
    if tile:
        return Contrast(*nt_xent_tiled.compare(a, b, temperature, tile))
    return _compare_densely(a, b, temperature)


def _is_large(view):
    """Whether the global batch is large, or its size unknown."""
    batch = view.shape[0]
    return batch is None or batch * distribution.num_replicas() > DENSE_PAIRS


def _compare_densely(a, b, temperature):
    """NT-Xent as it is written down: the readable reference.

    Embeddings are scaled by the root of the temperature and not products by
    the temperature: rounded as in tiles, and a little closer to float64.
    """
    a, b = a * temperature**-0.5, b * temperature**-0.5
    all_a, all_b = distribution.all_gather(a), distribution.all_gather(b)
    batch = tf.shape(a)[0]
    own = distribution.replica_offset(batch) + tf.range(batch)
    ab = tf.matmul(a, all_b, transpose_b=True)
    ba = tf.matmul(b, all_a, transpose_b=True)
    aa = _without_self(tf.matmul(a, all_a, transpose_b=True), own)
    bb = _without_self(tf.matmul(b, all_b, transpose_b=True), own)
    loss = _cross_entropy(own, tf.concat([ab, aa], axis=1))
    loss += _cross_entropy(own, tf.concat([ba, bb], axis=1))
    return Contrast(loss, _is_nearest(ab, own), _entropy(ab))


def _without_self(logits, own):
    """An image is no negative of its own: those entries count for nothing."""
    columns = tf.shape(logits)[1]
    itself = tf.one_hot(own, columns, on_value=True, off_value=False)
    return tf.where(itself, logits.dtype.min, logits)


def _cross_entropy(labels, logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def _is_nearest(logits, own):
    nearest = tf.argmax(logits, axis=1, output_type=own.dtype)
    return tf.cast(tf.equal(nearest, own), tf.float32)


def _entropy(logits):
    log_share = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(tf.exp(log_share) * log_share, axis=1)


def supervised_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy with class ids; 0 for an unlabelled example.

    Args:
      labels: int (batch,), -1 for unlabelled.
      logits: float (batch, classes).

    Returns:
      float32 (batch,).
    """
    known = labels >= 0
    safe = tf.where(known, labels, tf.zeros_like(labels))
    values = _cross_entropy(safe, tf.cast(logits, tf.float32))
    return tf.where(known, values, 0.0)


def distillation_cross_entropy(
    teacher_logits: tf.Tensor,
    student_logits: tf.Tensor,
    temperature: float = 1.0,
) -> tf.Tensor:
    """Cross-entropy with the teacher's softened answer.

    SimCLRv2, equation 2: -sum_y P_teacher(y|x; t) log P_student(y|x; t) with
    P(y|x; t) the softmax of logits / t. The original's notebook multiplies
    this by t squared; the paper, and so this, does not. No gradient reaches
    the teacher.

    Args:
      teacher_logits: float (batch, classes).
      student_logits: float (batch, classes).
      temperature: Above 0.

    Returns:
      float32 (batch,).
    """
    taught = tf.cast(tf.stop_gradient(teacher_logits), tf.float32)
    answer = tf.cast(student_logits, tf.float32)
    return tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.nn.softmax(taught / temperature),
        logits=answer / temperature,
    )


def weight_decay_loss(
    variables: Sequence[tf.Variable | keras.Variable], coefficient: float
) -> tf.Tensor:
    """coefficient * sum of half the squares of all elements, a scalar."""
    if not variables or not coefficient:
        return tf.constant(0.0)
    squares = [tf.nn.l2_loss(tf.cast(v, tf.float32)) for v in variables]
    return coefficient * tf.add_n(squares)
