"""Images from a `tf.data.Dataset`, read into arrays."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import number_classes
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.array.image_label_pairs import check_shapes
from simclrv2_tf.data.sources.array.image_label_pairs import image_label_pairs
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage.in_memory import to_pixels

MOST_UNUSED = 100_000  # numbers of classes that no label has
READ_AGAIN = 32  # elements that are compared with those of another pass
_NAME = "the data set given"
_LOG = logging.getLogger("simclrv2_tf")


def from_dataset(
    dataset: tf.data.Dataset,
    class_names: Sequence[str] | None = None,
    drawn: bool = False,
) -> Source:
    """A `tf.data.Dataset` of images and perhaps labels, read into memory.

    Args:
      dataset: Unbatched and finite; elements are images, (image, label)
        pairs, or dictionaries with "image" and perhaps "label". Images of one
        size, uint8, or float in [0, 1]; labels are whole numbers, -1 for
        unlabelled, or names, "" for unlabelled. Each pass gives the same
        examples in the same order, or a warning is logged; one that can be
        read only once is taken as it is.
      class_names: Names of the classes; numbers from 0 or 1 unless given.
      drawn: Whether examples of it are set aside or chosen by their places,
        in this run and in others.

    Raises:
      ValueError: If an image is outside [0, 1], sizes differ, elements are of
        another form, the data set has no end or no example, another pass
        gives others though examples are drawn, or a label is no number of a
        class, such as a large one of an id.
    """
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "A `tf.data.Dataset` must come to an end: leave out `repeat`; "
            "training goes round by itself."
        )
    pairs = image_label_pairs(dataset)
    rows = list(pairs.as_numpy_iterator())
    if not rows:
        raise ValueError("The data set given holds no example.")
    check_shapes(*map(np.shape, rows[0]))
    if len({image.shape for image, _ in rows}) > 1:
        raise ValueError(
            "The images of a `tf.data.Dataset` must have one size: resize "
            "them, or put them in a folder and give folder:PATH."
        )
    images = to_pixels(np.stack([image for image, _ in rows]))
    labels, names = _numbered([label for _, label in rows], class_names)
    _check_repeats(pairs, rows[:READ_AGAIN], drawn)
    return Source(_NAME, labels, InMemory(images), names)


def _check_repeats(pairs, rows, drawn):
    """Warns if another pass begins with other examples; an error if `drawn`.

    Stages of a job, and a run that goes on, read the data set anew and know
    examples by their places.
    """
    try:
        again = list(pairs.take(READ_AGAIN).as_numpy_iterator())
    except tf.errors.OpError:  # a generator that can be read only once
        return
    if not again:
        return
    if len(again) != len(rows) or not all(map(_is_same, rows, again)):
        sentence = (
            "A `tf.data.Dataset` must give the same examples in the same "
            "order at each pass. Received: one that gives other examples at "
            "each pass; shuffle with a seed and "
            "reshuffle_each_iteration=False, or not at all "
            "(image_dataset_from_directory: shuffle=False; TFDS: "
            "shuffle_files=False), and leave out random augmentation: "
            "training shuffles and augments by itself"
        )
        if drawn:
            raise ValueError(sentence)
        _LOG.warning("%s", sentence)


def _is_same(row, other):
    return all(map(np.array_equal, row, other))


def _numbered(values, class_names):
    """Labels and the names of the classes."""

    def where(index):
        return f"element {index} of {_NAME}"

    labels = label_names(values, where, class_names or None)
    if not class_names:
        class_names = _all_numbers({label for label in labels if label})
    return number_classes(labels, class_names or None, _NAME, where)


def _all_numbers(names):
    """The numbers from 0 or 1 to the last, some unused; None for names."""
    if not names or not all(map(is_number, names)):
        return None
    *_, last = in_order(names)
    if len(last) > 9 or int(last) - len(names) > MOST_UNUSED:
        raise ValueError(
            "Labels that are whole numbers must number classes from 0 or 1. "
            f"Received: {len(names):,} different labels in {_NAME}, the "
            f"largest of them {last}; number the classes without such gaps, "
            "or make names of the labels, such as 'class 7'"
        )
    first = 0 if "0" in names else 1
    return [str(number) for number in range(first, int(last) + 1)]
