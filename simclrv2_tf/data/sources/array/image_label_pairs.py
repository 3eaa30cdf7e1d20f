"""From a `tf.data.Dataset` of any form to one of (image, label)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from collections.abc import Sequence

import tensorflow as tf

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.sources.columns import IMAGE
from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABEL
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.storage.channels_last import check_channels_last

_LOG = logging.getLogger("simclrv2_tf")
_USUAL_LABELS = {name for names in LABELS.values() for name in names}
# What to do with images of so many axes.
_REMEDIES = {
    0: "decode files with tf.io.decode_image, or give folder:PATH",
    2: "grey images have one channel, image[..., tf.newaxis]",
    4: "give dataset.unbatch()",
}


def image_label_pairs(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """(image, label) of each element, -1 for no label.

    Args:
      dataset: Elements are images, tuples that begin with (image, label), or
        dictionaries with "image" and perhaps "label". A warning says what
        becomes of further parts of a tuple, as Keras takes a third for weights.

    Returns:
      Dataset of pairs. A label of one element, such as (1,), becomes ().

    Raises:
      ValueError: If elements are of another form.
    """
    if isinstance(dataset.element_spec, Mapping):
        image, *label = _keys(dataset.element_spec)
        dataset = dataset.map(
            lambda row: (row[image], *(row[k] for k in label))
        )
    spec = dataset.element_spec
    parts = spec[:2] if type(spec) is tuple else (spec,)
    _check_tensors(parts, spec)
    if type(spec) is tuple and len(spec) > 2:
        _LOG.warning(
            "The elements of the data set given have %d parts: the first two "
            "are taken for image and label, the others, such as weights, are "
            "not used",
            len(spec),
        )
    if all(part.shape.rank is not None for part in parts):
        check_shapes(*(tuple(part.shape) for part in parts))
    return dataset.map(_pair)


def check_shapes(
    image: Sequence[int | None], label: Sequence[int | None] = ()
) -> None:
    """Raises a ValueError for shapes that are not of one image.

    Args:
      image: (height, width, channels), None for sizes that are not known yet.
      label: ().
    """
    if len(image) != 3:
        raise ValueError(
            "The elements of a `tf.data.Dataset` must be unbatched: an image "
            "(height, width, channels) and perhaps a label (). Received: "
            f"shapes {tuple(image)} and {tuple(label)}"
            + (f"; {_REMEDIES[len(image)]}" if len(image) in _REMEDIES else "")
        )
    known = tuple(size for size in image if size is not None)
    if len(known) == 3:
        check_channels_last(known, "The images of a `tf.data.Dataset`")


def _pair(image, label=UNLABELLED, *_):
    label = tf.convert_to_tensor(label)
    if label.shape.num_elements() == 1:  # as Keras's own data sets have it
        label = tf.reshape(label, [])
    return image, label


def _keys(spec):
    """Keys of the image and, where there is one, of the label."""
    labels = [key for key in spec if key in _USUAL_LABELS]
    if IMAGE in spec and (LABEL in spec or not labels):
        return [key for key in (IMAGE, LABEL) if key in spec]
    image = first_known(IMAGES["npz"], spec) or next(iter(spec))
    others = [key for key in (*labels, *spec) if key != image]
    wanted = ", ".join(f"row[{key!r}]" for key in (image, *others[:1]))
    raise ValueError(
        'Dictionaries of a `tf.data.Dataset` must have the keys "image" and, '
        f'where there are labels, "label". Received: {listed([*spec])}; give '
        f"pairs, dataset.map(lambda row: ({wanted}))"
    )


def _check_tensors(parts, spec):
    if not all(isinstance(part, tf.TensorSpec) for part in parts):
        raise ValueError(
            "The elements of a `tf.data.Dataset` must be images, (image, "
            'label) pairs, or dictionaries with "image" and perhaps "label". '
            f"Received: {spec}; bring them into this form with dataset.map"
        )
