"""Splits an element of a stage's data set into images and labels."""

from typing import Any
from typing import NamedTuple
from typing import TypeAlias

import tensorflow as tf

from simclrv2_tf.stages.value_ranges import pixels
from simclrv2_tf.stages.value_ranges import within_classes

Pair: TypeAlias = tuple[tf.Tensor, tf.Tensor]


class LabelledImages(NamedTuple):
    """A batch for `FineTune` and `Distill`.

    Attributes:
      images: float (batch, height, width, channels) in [0, 1].
      labels: int32 (batch,), -1 for unlabelled.
    """

    images: tf.Tensor
    labels: tf.Tensor


class LabelledViews(NamedTuple):
    """A batch for `Pretrain`.

    Attributes:
      views: A pair of float (batch, height, width, channels) in [0, 1].
      labels: int32 (batch,), -1 for unlabelled.
    """

    views: Pair
    labels: tf.Tensor


def labelled_images(data: Any, num_classes: int) -> LabelledImages:
    """The images and labels of an element `(images, labels)`.

    Args:
      data: The element; images as `pixels` takes them.
      num_classes: Classes that labels lie below.

    Raises:
      ValueError: If there are no labels, or they are no class numbers.
    """
    images, labels = _two(data)
    if isinstance(images, (tuple, list, dict)):
        raise ValueError(
            "This stage takes elements (images, labels). Received: "
            f"{_shapes(data)}"
        )
    if labels is None:
        raise ValueError(
            "This stage takes elements (images, labels), with -1 for an "
            "unlabelled image. Received: images without labels"
        )
    labels = within_classes(_class_numbers(labels), num_classes)
    return LabelledImages(pixels(images), labels)


def labelled_elements(stage: Any, data: Any) -> LabelledImages:
    """The images and labels of an element for a stage with a supervised head.

    Args:
      stage: A `Stage`.
      data: See `labelled_images`.

    Raises:
      ValueError: As `labelled_images`.
    """
    return labelled_images(data, stage.network.get_config()["num_classes"])


def labelled_views(data: Any, num_classes: int) -> LabelledViews:
    """The views and labels of `((view_a, view_b), labels)`, or of no labels.

    Args:
      data: The element; views as `pixels` takes them.
      num_classes: Classes that labels lie below; 0 where none are used.

    Raises:
      ValueError: If there is no pair of views, or labels are no class numbers.
    """
    views, labels = _two(data)
    if not isinstance(views, (tuple, list)) or len(views) != 2:
        raise ValueError(
            "Pretraining takes pairs of views, elements ((view_a, view_b), "
            "labels) or ((view_a, view_b),): make them of images with "
            f"`simclrv2_tf.views`. Received: {_shapes(data)}"
        )
    if labels is None:
        labels = tf.fill([tf.shape(views[0])[0]], -1)
    labels = _class_numbers(labels)
    if num_classes:
        labels = within_classes(labels, num_classes)
    return LabelledViews((pixels(views[0]), pixels(views[1])), labels)


def images_alone(data: Any) -> tf.Tensor:
    """The images of an element `images`, `(images,)` or `(images, labels)`.

    Raises:
      ValueError: If there are several, such as two views.
    """
    images, _ = _two(data)
    if isinstance(images, (tuple, list, dict)):
        raise ValueError(
            "`predict` takes images, or elements (images, labels). Received: "
            f"{_shapes(data)}"
        )
    return pixels(images)


def _two(data):
    """The images or views of an element, and the labels, None for none."""
    parts = data if isinstance(data, (tuple, list)) else (data,)
    if len(parts) > 2:
        raise ValueError(
            "A stage takes images and labels, and no weights of examples. "
            f"Received: {_shapes(data)}"
        )
    return (*parts, None)[:2]


def _class_numbers(labels):
    """Labels as int32 (batch,)."""
    labels = tf.convert_to_tensor(labels)
    if labels.shape.rank == 2 and labels.shape[1] == 1:  # as Keras's data sets
        labels = labels[:, 0]
    if labels.shape.rank != 1 or not labels.dtype.is_integer:
        raise ValueError(
            "Labels must be whole numbers of classes, of shape (batch,), -1 "
            f"for unlabelled. Received: {labels.dtype.name} of shape "
            f"{labels.shape}"
        )
    return tf.cast(labels, tf.int32)


def _shapes(data):
    """Elements of a batch in words: their shapes, nested as they are."""
    if isinstance(data, (tuple, list)):
        return f"({', '.join(map(_shapes, data))})"
    if isinstance(data, dict):
        return f"a dictionary of {', '.join(data)}"
    return f"shape {tuple(tf.convert_to_tensor(data).shape)}"
