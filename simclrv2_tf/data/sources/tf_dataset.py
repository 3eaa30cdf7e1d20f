"""Images from a `tf.data.Dataset`, read into arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage.in_memory import to_pixels


def from_dataset(
    dataset: tf.data.Dataset, class_names: Sequence[str] | None = None
) -> Source:
    """A `tf.data.Dataset` of images and perhaps labels, read into memory.

    Args:
      dataset: Unbatched and finite; elements are images, (image, label)
        pairs, or dictionaries with "image" and perhaps "label". Images of one
        size, uint8, or float in [0, 1]; labels are whole numbers, -1 for
        unlabelled.
      class_names: Names of the classes; numbers unless given.

    Raises:
      ValueError: If an image is outside [0, 1], sizes differ, the data set
        has no end or no example, or a label is no number of a class.
    """
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "A `tf.data.Dataset` must come to an end: leave out `repeat`; "
            "training goes round by itself."
        )
    pairs = dataset.map(_pair)
    rows = [(np.asarray(x), int(y)) for x, y in pairs.as_numpy_iterator()]
    if not rows:
        raise ValueError("The data set given holds no example.")
    if len({image.shape for image, _ in rows}) > 1:
        raise ValueError(
            "The images of a `tf.data.Dataset` must have one size: resize "
            "them, or put them in a folder and give folder:PATH."
        )
    images = to_pixels(np.stack([image for image, _ in rows]))
    labels = np.array([label for _, label in rows], np.int32)
    if class_names is None:
        class_names = [str(index) for index in range(labels.max() + 1)]
    _check_labels(labels, len(class_names))
    names = tuple(class_names) or None
    return Source("the data set given", labels, InMemory(images), names)


def _pair(*element):
    """(image, label) of an element of any form, -1 for no label."""
    if isinstance(element[0], dict):
        example = element[0]
        element = [example[key] for key in ("image", "label") if key in example]
    image, label = [*element, UNLABELLED][:2]
    label = tf.convert_to_tensor(label)
    if len(image.shape or (0, 0, 0)) != 3 or label.shape.rank:
        raise ValueError(
            "The elements of a `tf.data.Dataset` must be unbatched: an image "
            "(height, width, channels) and perhaps a label (). Received: "
            f"shapes {image.shape} and {label.shape}"
        )
    return image, label


def _check_labels(labels, classes):
    if labels.min() < UNLABELLED or labels.max() >= classes > 0:
        raise ValueError(
            f"Labels must be below {classes}, the number of classes, or -1 "
            f"for unlabelled. Received: {labels.min()} to {labels.max()}"
        )
