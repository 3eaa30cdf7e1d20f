"""Images from a `tf.data.Dataset`, read into arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import number_classes
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage.in_memory import to_pixels

_NAME = "the data set given"


def from_dataset(
    dataset: tf.data.Dataset, class_names: Sequence[str] | None = None
) -> Source:
    """A `tf.data.Dataset` of images and perhaps labels, read into memory.

    Args:
      dataset: Unbatched and finite; elements are images, (image, label)
        pairs, or dictionaries with "image" and perhaps "label". Images of one
        size, uint8, or float in [0, 1]; labels are whole numbers, -1 for
        unlabelled, or names, "" for unlabelled.
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
    rows = list(pairs.as_numpy_iterator())
    if not rows:
        raise ValueError("The data set given holds no example.")
    if len({image.shape for image, _ in rows}) > 1:
        raise ValueError(
            "The images of a `tf.data.Dataset` must have one size: resize "
            "them, or put them in a folder and give folder:PATH."
        )
    images = to_pixels(np.stack([image for image, _ in rows]))
    labels, names = _numbered([label for _, label in rows], class_names)
    return Source(_NAME, labels, InMemory(images), names)


def _numbered(values, class_names):
    """Labels and the names of the classes."""

    def where(index):
        return f"element {index} of {_NAME}"

    labels = label_names(values, where, class_names or None)
    given = [label for label in labels if label]
    if given and not class_names and all(map(is_number, given)):
        last = max(map(int, given))
        class_names = [str(index) for index in range(last + 1)]  # some unused
    return number_classes(labels, class_names or None, _NAME, where)


def _pair(*element):
    """(image, label) of an element of any form, -1 for no label."""
    if isinstance(element[0], dict):
        example = element[0]
        element = [example[key] for key in ("image", "label") if key in example]
    image, label = [*element, UNLABELLED][:2]
    label = tf.convert_to_tensor(label)
    if len(image.shape or (0, 0, 0)) != 3:
        raise ValueError(
            "The elements of a `tf.data.Dataset` must be unbatched: an image "
            "(height, width, channels) and perhaps a label (). Received: "
            f"shapes {image.shape} and {label.shape}"
        )
    return image, label
