"""Opens data sets by name: digits, folder:PATH, ..., or a TFDS name.

A data set of one's own is one more function and its line in `KINDS`: the
function (where, split, `SourceOptions`) gives what reads each split, see
`opening.kind_of`.
"""

from __future__ import annotations

import dataclasses
import functools
import os

from simclrv2_tf.data import classes
from simclrv2_tf.data.label_map import read_label_map
from simclrv2_tf.data.label_map import relabel
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.array.npz import find_npz
from simclrv2_tf.data.sources.concat import names_of
from simclrv2_tf.data.sources.concat import open_concat
from simclrv2_tf.data.sources.digits import SPLITS
from simclrv2_tf.data.sources.digits import open_digits
from simclrv2_tf.data.sources.folder.folders import folder_splits
from simclrv2_tf.data.sources.folder.folders import open_folder
from simclrv2_tf.data.sources.opening import TOP
from simclrv2_tf.data.sources.opening import Kind
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import kind_of
from simclrv2_tf.data.sources.record.tfrecord import find_tfrecord
from simclrv2_tf.data.sources.table.csv import find_csv
from simclrv2_tf.data.sources.table.parquet import find_parquet
from simclrv2_tf.data.sources.tar import find_tar
from simclrv2_tf.data.sources.tfds import open_tfds
from simclrv2_tf.data.sources.tfds import tfds_splits
from simclrv2_tf.data.splits import same_split


def open_source(
    name: str,
    split: str = "train",
    data_dir: str | None = None,
    download: bool = False,
    image_feature: str | None = None,
    label_feature: str | None = None,
    label_map: str | None = None,
    folder_classes: str = TOP,
    apply_orientation: bool = False,
    resize_shorter_side: int | None = None,
) -> Source:
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
      folder_classes: Which folders of images are classes: "top", those of the
        data set's folder, or "leaf", all that hold images.
      apply_orientation: Whether images are turned as their EXIF tags say,
        which are left alone unless asked for.
      resize_shorter_side: Pixels that the shorter side of larger images is
        reduced to, bicubic with antialiasing; None leaves them as they are.

    Returns:
      A `Source`.

    Raises:
      ValueError: If there is no such data set, split or image.
    """
    return open_with(
        name,
        split,
        SourceOptions(
            data_dir,
            download,
            image_feature,
            label_feature,
            label_map,
            folder_classes,
            apply_orientation,
            resize_shorter_side,
        ),
    )


def open_with(name: str, split: str, options: SourceOptions) -> Source:
    """As `open_source`, its options as one."""
    source = _open(name, split, options)
    if options.label_map:
        label_map = read_label_map(options.label_map)
        source = relabel(source, label_map, options.label_map)
    names = source.class_names or ()
    notes = classes.written_alike(names)
    notes += classes.likely_slips(names, source.labels)
    return dataclasses.replace(source, notes=(*source.notes, *notes))


def split_names(
    name: str,
    data_dir: str | None = None,
    download: bool = False,
    image_feature: str | None = None,
    label_feature: str | None = None,
    label_map: str | None = None,
    folder_classes: str = TOP,
    apply_orientation: bool = False,
    resize_shorter_side: int | None = None,
) -> list[str]:
    """The splits that a data set has; arguments as in `open_source`."""
    return splits_with(
        name,
        SourceOptions(
            data_dir,
            download,
            image_feature,
            label_feature,
            label_map,
            folder_classes,
            apply_orientation,
            resize_shorter_side,
        ),
    )


def splits_with(name: str, options: SourceOptions) -> list[str]:
    """As `split_names`, its options as one."""
    kind, where = _kind(name)
    return list(kind.splits(where, options))


def is_tfds(name: str) -> bool:
    """Whether a data set is one of TFDS, by its name or directory."""
    return _kind(name)[0] is _TFDS


def _open(name, split, options):
    kind, where = _kind(name)
    source = kind.open(where, split, options)
    return dataclasses.replace(
        source,
        apply_orientation=options.apply_orientation,
        resize_shorter_side=options.resize_shorter_side,
    )


def _kind(name):
    """The `Kind` of a data set, and what its name says after the colon."""
    if name == "digits":
        return _DIGITS, name
    kind, _, where = name.partition(":")
    if kind not in KINDS:
        return _TFDS, name
    if not where:
        raise ValueError(
            f"`dataset` must say where the data is, as in {kind}:PATH. "
            f"Received: dataset={name!r}"
        )
    if kind != "concat":
        where = os.path.expanduser(where)
    return KINDS[kind], where


def _concat_splits(where, options):
    """Those of any part, each under the name that the first part gives it."""
    known: list[str] = []
    for name in names_of(where):
        others = splits_with(name, options)
        known += [split for split in others if not same_split(known, split)]
    return known


# What stands before the colon, and how the rest is opened.
KINDS = {
    "folder": Kind(open_folder, folder_splits),
    "csv": kind_of("csv", find_csv),
    "tfrecord": kind_of("tfrecord", find_tfrecord),
    "npz": kind_of("npz", find_npz),
    "tar": kind_of("tar", find_tar),
    "parquet": kind_of("parquet", find_parquet),
    "concat": Kind(
        functools.partial(open_concat, _open, splits_with), _concat_splits
    ),
}
_DIGITS = Kind(lambda _, split, options: open_digits(split), lambda *_: SPLITS)
_TFDS = Kind(open_tfds, tfds_splits)
