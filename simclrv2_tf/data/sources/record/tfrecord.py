"""TFRecord files of `tf.train.Example`: `tfrecord:GLOB`."""

from __future__ import annotations

import functools
from typing import NamedTuple

from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.record.example_fields import BYTES
from simclrv2_tf.data.sources.record.records import first_features
from simclrv2_tf.data.sources.record.records import index_records
from simclrv2_tf.data.sources.split_files import files_by_split

SUFFIXES = (".tfrecord", ".tfrecords", ".tfrec", ".record")


class _WholeFile(NamedTuple):
    filename: str
    skip: int = 0
    take: int = -1


def find_tfrecord(
    where: str, split: str | None, options: SourceOptions
) -> Readers:
    """TFRecord files whose examples hold encoded images, read in place.

    A record without the feature of labels is unlabelled; a warning says how
    many there are where others have it.

    Args:
      where: The files, a pattern; see `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `SourceOptions`; features have usual names unless it names them.
        A label is a number or a name.

    Returns:
      Dictionary from splits to functions that give a `SplitContent`.

    Raises:
      ValueError: If the files are damaged or hold something else.
    """
    by_split = files_by_split(where, split, SUFFIXES, any_shard=True)
    return {
        name: functools.partial(_content, files, options)
        for name, files in by_split.items()
    }


def _content(files, options):
    kinds = next(filter(None, map(first_features, files)), {})
    image = options.image_feature or first_known(IMAGES["tfrecord"], kinds)
    if image is None and kinds:
        only = [name for name, kind in kinds.items() if kind == BYTES]
        raise ValueError(
            f"The records of {files[0]!r} must have an image under a usual "
            "name, or --image_feature must name it. Received: the features "
            f"{', '.join(kinds)}, of bytes {', '.join(only) or 'none'}"
        )
    return index_records(
        map(_WholeFile, files),
        image,
        options.label_feature,
        usual=LABELS["tfrecord"],
    )
