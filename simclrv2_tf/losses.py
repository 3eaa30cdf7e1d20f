"""NT-Xent, supervised and distillation cross-entropy; one value an example."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import Protocol

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


class Memory(Protocol):
    """Keys of earlier steps, which are negatives for all queries.

    Attributes:
      size: Keys that there is room for.
      filled: int32 scalar, how many there are.
    """

    size: int

    @property
    def filled(self) -> tf.Tensor: ...

    def rows(self, places: tf.Tensor) -> tf.Tensor:
        """The keys at int32 (count,) places, float32 (count, features)."""


class Keys(NamedTuple):
    """What the views of a batch are compared with, in place of each other.

    Attributes:
      view_a: float32 (global_batch, features), keys of all replicas' first
        views, normalised if the loss normalises.
      view_b: Likewise of the second views.
      memory: More negatives; None for none.
    """

    view_a: tf.Tensor
    view_b: tf.Tensor
    memory: Memory | None = None


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

    def compare(
        self, view_a: tf.Tensor, view_b: tf.Tensor, keys: Keys | None = None
    ) -> Contrast:
        """The loss with its accuracy and entropy, a `Contrast`.

        Args:
          view_a: float (batch, features).
          view_b: The same, row i of both from one image.
          keys: What both are compared with; None for each other.
        """
        return compare(
            view_a, view_b, self.temperature, self.hidden_norm, self.tile, keys
        )

    def normalized(self, view: tf.Tensor) -> tf.Tensor:
        """Projections as the loss compares them, float32."""
        return _normalized(view, self.hidden_norm)

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
    keys: Keys | None = None,
) -> Contrast:
    """NT-Xent of two views, see `NTXent`; float32 whatever comes in.

    With `keys` the views are queries: the positive of each is the key of the
    other view, its negatives are the keys of all other images, of both views,
    and the memory. Only the queries have a gradient.
    """
    a, b = (_normalized(view, hidden_norm) for view in (view_a, view_b))
    of_batch, of_memory = _tile_sizes(tile, a, keys)
    if keys is not None:
        keys = _without_gradient(keys)
    if not of_batch:
        return _compare_densely(a, b, temperature, keys)
    if keys is None:
        return Contrast(*nt_xent_tiled.compare(a, b, temperature, of_batch))
    return Contrast(
        *nt_xent_tiled.compare_with_keys(
            a, b, *keys, temperature, of_batch, of_memory
        )
    )


def _tile_sizes(tile, view, keys):
    """Columns of the batch made at a time, 0 for all, and of the memory."""
    if tile != "auto":
        return tile, tile
    of_batch = nt_xent_tiled.TILE if _is_large(view, keys) else 0
    return of_batch, nt_xent_tiled.tile_of_memory(view)


def _normalized(view, hidden_norm):
    view = tf.cast(view, tf.float32)
    return tf.nn.l2_normalize(view, axis=-1) if hidden_norm else view


def _without_gradient(keys):
    a, b = tf.stop_gradient(keys.view_a), tf.stop_gradient(keys.view_b)
    return Keys(a, b, keys.memory)


def _is_large(view, keys):
    """Whether the columns are many, or their number unknown."""
    batch = view.shape[0]
    if batch is None:
        return True
    remembered = keys.memory.size if keys and keys.memory else 0
    return batch * distribution.num_replicas() + remembered // 2 > DENSE_PAIRS


def _compare_densely(a, b, temperature, keys):
    """NT-Xent as it is written down: the readable reference.

    Embeddings are scaled by the root of the temperature and not products by
    the temperature: rounded as in tiles, and a little closer to float64.
    """
    scale = temperature**-0.5
    a, b = a * scale, b * scale
    all_a, all_b, more = _columns(a, b, scale, keys)
    batch = tf.shape(a)[0]
    own = distribution.replica_offset(batch) + tf.range(batch)
    ab = tf.matmul(a, all_b, transpose_b=True)
    ba = tf.matmul(b, all_a, transpose_b=True)
    aa = _without_self(tf.matmul(a, all_a, transpose_b=True), own)
    bb = _without_self(tf.matmul(b, all_b, transpose_b=True), own)
    loss = _cross_entropy(own, tf.concat([ab, aa, *more(a)], axis=1))
    loss += _cross_entropy(own, tf.concat([ba, bb, *more(b)], axis=1))
    return Contrast(loss, _is_nearest(ab, own), _entropy(ab))


def _columns(a, b, scale, keys):
    """What rows are compared with: both views', and a function to more."""
    if keys is None:
        gather = distribution.all_gather
        return gather(a), gather(b), lambda x: ()
    if keys.memory is None:
        return keys.view_a * scale, keys.view_b * scale, lambda x: ()
    places = tf.range(keys.memory.size)
    remembered = keys.memory.rows(places) * scale

    def more(x):
        logits = tf.matmul(x, remembered, transpose_b=True)
        there = places < keys.memory.filled
        return (tf.where(there, logits, logits.dtype.min),)

    return keys.view_a * scale, keys.view_b * scale, more


def _without_self(logits, own):
    """Logits without each image's own column: it is no negative of itself."""
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
