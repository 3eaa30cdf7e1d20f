"""Opens data sets by name: digits, folder:PATH, ..., or a TFDS name.

A data set of one's own is one more function (where, split, `Options`) that
returns a `Source`, and its line in `KINDS`.
"""

import os

from simclrv2_tf.data.label_map import read_label_map
from simclrv2_tf.data.label_map import relabel
from simclrv2_tf.data.source import to_pixels
from simclrv2_tf.data.sources.concat import open_concat
from simclrv2_tf.data.sources.csv import open_csv
from simclrv2_tf.data.sources.digits import open_digits
from simclrv2_tf.data.sources.folders import open_folder
from simclrv2_tf.data.sources.npz import open_npz
from simclrv2_tf.data.sources.opening import Options
from simclrv2_tf.data.sources.parquet import open_parquet
from simclrv2_tf.data.sources.tar import open_tar
from simclrv2_tf.data.sources.tf_dataset import from_dataset
from simclrv2_tf.data.sources.tfds import open_tfds
from simclrv2_tf.data.sources.tfrecord import open_tfrecord
from simclrv2_tf.data.splits import NoSplitError

# What stands before the colon, and what opens the rest.
KINDS = {
    "folder": open_folder,
    "csv": open_csv,
    "tfrecord": open_tfrecord,
    "npz": open_npz,
    "tar": open_tar,
    "parquet": open_parquet,
    "concat": lambda *arguments: open_concat(_open, *arguments),
}

__all__ = [
    "KINDS",
    "from_dataset",
    "open_digits",
    "open_folder",
    "open_source",
    "split_names",
    "to_pixels",
]


def open_source(
    name,
    split="train",
    data_dir=None,
    download=False,
    image_feature=None,
    label_feature=None,
    label_map=None,
):
    """Opens one split of a data set.

    Args:
      name: "digits", "folder:PATH", "csv:FILE", "tfrecord:GLOB", "npz:FILE",
        "tar:GLOB", "parquet:GLOB", "concat:A,B" of any of them, the name of a
        TFDS data set or the directory of one.
      split: Name of the split; slices such as "train[:10%]" work.
      data_dir: Directory of TFDS data.
      download: Whether TFDS may download and prepare what is missing.
      image_feature: Name of the feature, column, array or file ending that
        holds the images, where it has no usual name.
      label_feature: The same of the labels.
      label_map: File that says which class each label stands for.

    Returns:
      A `Source`.

    Raises:
      ValueError: If there is no such data set, split or image.
    """
    targets = read_label_map(label_map) if label_map else None
    source = _open(
        name,
        split,
        Options(data_dir, download, image_feature, label_feature, label_map),
    )
    if targets is None:
        return source
    return relabel(source, targets, label_map)


def _open(name, split, options):
    if name == "digits":
        return open_digits(split)
    kind, _, where = name.partition(":")
    if kind not in KINDS:
        return open_tfds(name, split, options)
    if not where:
        raise ValueError(
            f"`dataset` must say where the data is, as in {kind}:PATH. "
            f"Received: dataset={name!r}"
        )
    if kind != "concat":
        where = os.path.expanduser(where)
    return KINDS[kind](where, split, options)


def split_names(name, **options):
    """The splits that a data set has; options as `open_source` takes them."""
    try:
        open_source(name, "which_there_are", **options)
    except NoSplitError as error:
        return list(error.known)
    return ["train"]
