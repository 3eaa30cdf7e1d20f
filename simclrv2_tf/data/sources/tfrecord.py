"""TFRecord files of `tf.train.Example`: `tfrecord:GLOB`."""

import collections

from simclrv2_tf.data.sources.opening import Part
from simclrv2_tf.data.sources.opening import open_part
from simclrv2_tf.data.sources.records import BYTES
from simclrv2_tf.data.sources.records import first_features
from simclrv2_tf.data.sources.records import index_records
from simclrv2_tf.data.sources.split_files import files_by_split

SUFFIXES = (".tfrecord", ".tfrecords", ".tfrec", ".record")
# What features are usually called, in TFDS and in the scripts of others.
IMAGES = ("image", "image/encoded", "image_raw", "encoded", "jpeg", "img")
LABELS = ("label", "image/class/label", "class", "target", "labels")

_WholeFile = collections.namedtuple("_WholeFile", "filename skip take")


def open_tfrecord(where, split, options):
    """TFRecord files whose examples hold encoded images, read in place.

    Args:
      where: The files, a pattern; see `files_by_split`.
      split: Name of the split, perhaps with a slice.
      options: `Options`; features have usual names unless it names them. A
        label is a number or a name.

    Returns:
      A `Source`.

    Raises:
      ValueError: If the files are damaged or hold something else.
    """
    found = files_by_split(where, split, SUFFIXES)
    parts = {
        name: lambda files=files: _part(files, options)
        for name, files in found.items()
    }
    return open_part(f"tfrecord:{where}", split, parts, options)


def _part(files, options):
    kinds = next(filter(None, map(first_features, files)), {})
    image = options.image_feature or _usual(IMAGES, kinds)
    label = options.label_feature or _usual(LABELS, kinds)
    if image is None and kinds:
        only = [name for name, kind in kinds.items() if kind == BYTES]
        raise ValueError(
            f"The records of {files[0]!r} must have an image under a usual "
            "name, or --image_feature must name it. Received: the features "
            f"{', '.join(kinds)}, of bytes {', '.join(only) or 'none'}"
        )
    whole = [_WholeFile(file, 0, -1) for file in files]
    places, labels = index_records(whole, image, label)
    return Part({"places": places}, labels)


def _usual(names, kinds):
    return next((name for name in names if name in kinds), None)
