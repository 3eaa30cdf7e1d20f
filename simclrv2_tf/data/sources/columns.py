"""Usual names of columns, features and arrays, for each kind of data set.

Each tuple begins with the likeliest name.
"""

from __future__ import annotations

from collections.abc import Container
from collections.abc import Iterable

# What every kind knows.
IMAGE, LABEL = "image", "label"
SPLIT = "split"

IMAGES = {
    "csv": (  # these are paths
        "path",
        "file",
        "filename",
        "file_name",
        "filepath",
        "filepaths",
        IMAGE,
        "image_path",
        "img_path",
        "image_file",
        "img",
    ),
    "npz": ("images", IMAGE, "imgs", "img", "x", "data", "arr_0"),
    "parquet": (IMAGE, "img", "jpg", "images", "image_bytes", "bytes"),
    "tfds": (IMAGE,),
    # As TFDS has them, and the scripts of others.
    "tfrecord": (
        IMAGE,
        "image/encoded",
        "image_raw",
        "encoded",
        "jpeg",
        "img",
    ),
}
LABELS = {
    "csv": (LABEL, "labels", "class", "class_name", "target", "category", "y"),
    "json": (LABEL, "class", "cls"),  # fields, within tar
    "npz": ("labels", LABEL, "targets", "target", "y", "arr_1"),
    "parquet": (LABEL, "labels", "class", "cls", "fine_label", "target"),
    "tar": ("cls", "json"),  # endings of files
    "tfds": (LABEL,),
    "tfrecord": (LABEL, "image/class/label", "class", "target", "labels"),
}
CLASS_NAMES = {"npz": ("class_names", "label_names", "classes")}


def first_known(usual: Iterable[str], names: Container[str]) -> str | None:
    """The likeliest of the usual names that is among `names`, or None."""
    return next((name for name in usual if name in names), None)
