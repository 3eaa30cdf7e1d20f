"""Parquet files with image bytes, as Hugging Face keeps them: `parquet:GLOB`.

A column of images holds bytes, or {"bytes": ..., "path": ...}.
"""

from __future__ import annotations

import functools
import json
import logging

import numpy as np

from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.label_names import warn_of_unlabelled
from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.missing_label import MissingLabel
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.sources.table.parquet_rows import Rows
from simclrv2_tf.data.sources.table.parquet_rows import forget_groups
from simclrv2_tf.data.sources.table.parquet_rows import guarded
from simclrv2_tf.data.sources.table.parquet_rows import pyarrow_parquet
from simclrv2_tf.data.storage import Encoded

MEMORY_LIMIT = 2**29  # bytes of images that are read into memory

_LOG = logging.getLogger("simclrv2_tf")


def find_parquet(
    where: str, split: str | None, options: SourceOptions
) -> Readers:
    """Parquet files of encoded images and perhaps labels.

    Up to `MEMORY_LIMIT` images are in memory; of more a whole group of
    rows is read for each image that is asked for, which is slow. A file
    without the column of labels is unlabelled; a warning says how many there
    are where others have it.

    Args:
      where: The files, a pattern; see `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `SourceOptions`, whose features are names of columns.

    Returns:
      Dictionary from splits to functions that give a `SplitContent`.

    Raises:
      ImportError: Without pyarrow.
      ValueError: If the files are damaged or hold something else.
    """
    pyarrow_parquet()
    by_split = files_by_split(where, split, (".parquet",))
    return {
        name: functools.partial(_content, files, options)
        for name, files in by_split.items()
    }


def _content(files, options):
    forget_groups()
    names = [guarded(path, _names) for path in files]
    label, missing_label = _label(files, names, options)
    columns = _image(files[0], names[0], options), label
    looks = [guarded(path, _look, path, *columns) for path in files]
    labels = [label for _, labels, _ in looks for label in labels]
    table = _places([counts for counts, _, _ in looks])
    storage = Rows(tuple(files), columns[0], table)
    size = sum(size for _, _, size in looks)
    if size <= MEMORY_LIMIT:
        images = _in_memory(storage)
        return SplitContent(images, labels, missing_label=missing_label)
    _LOG.warning(
        "%s and others: %s in Parquet, where a group of rows is read for "
        "each image; tools/prepare_dataset.py makes shards that are read fast.",
        files[0],
        gigabytes(size),
    )
    return SplitContent(storage, labels, missing_label=missing_label)


def _places(counts):
    """int64 (examples, 3): numbers of the file, of the group, of the row.

    Args:
      counts: For each file a list of the rows of each group.
    """
    rows = [
        (which, group, row)
        for which, groups in enumerate(counts)
        for group, count in enumerate(groups)
        for row in range(count)
    ]
    return np.array(rows, np.int64).reshape(-1, 3)


def _in_memory(rows):
    """The images of `Rows`, read at once; a ValueError if none can be."""
    images = rows.read_all(range(len(rows)))
    if not any(images):
        rows.read(0)  # says what is wrong with all of them
    forget_groups()
    return Encoded(images)


def _names(file):
    return file.schema_arrow.names


def _image(path, names, options):
    """Name of the column of images, taken from the first file."""
    image = options.image_feature or first_known(IMAGES["parquet"], names)
    if image is None:
        raise ValueError(
            f"The file {path!r} must have a column called "
            f"{listed(IMAGES['parquet'])}, or --image_feature must name it. "
            f"Received: {listed(names)}"
        )
    _check_column(path, names, image)
    return image


def _label(files, names, options):
    """Name of the column of labels, and a `MissingLabel`; None for none.

    Without --label_feature it is the first usual name that a file has.
    """
    known = (first_known(LABELS["parquet"], columns) for columns in names)
    label = options.label_feature or next(filter(None, known), None)
    lacking = [f for f, n in zip(files, names, strict=True) if label not in n]
    if label is None or not lacking:
        return label, None
    words = (
        f"the column {label!r}",
        f"{len(lacking):,} of {len(files):,} files",
        repr(lacking[0]),
    )
    if len(lacking) == len(files):
        message = _no_column(files[0], names[0], label)
        return None, MissingLabel(message, *words)
    warn_of_unlabelled(*words)
    return label, None


def _check_column(path, names, column):
    if column not in names:
        raise ValueError(_no_column(path, names, column))


def _no_column(path, names, column):
    return (
        f"The file {path!r} must have the column {column!r}. Received: "
        f"{listed(names)}"
    )


def _look(file, path, image, label):
    """Rows of each group, labels, and the bytes of the images."""
    groups = [
        file.metadata.row_group(group) for group in range(file.num_row_groups)
    ]
    counts = [group.num_rows for group in groups]
    sizes = [
        group.column(column).total_uncompressed_size
        for group in groups
        for column in range(group.num_columns)
        if _is_of(group.column(column).path_in_schema, image)
    ]
    if sum(counts):
        _check_column(path, _names(file), image)
    if label not in _names(file):
        return counts, [""] * sum(counts), sum(sizes)
    labels = label_names(
        file.read([label]).column(label).to_pylist(),
        lambda index: f"row {index} of the file {path!r}",
        _class_names(file, label),
    )
    return counts, labels, sum(sizes)


def _is_of(path, column):
    """Whether what a file stores is a column, or a field of it.

    A column may have a dot in its own name.
    """
    return path == column or path.startswith(f"{column}.")


def _class_names(file, label):
    """The names that Hugging Face's metadata gives the classes, or None."""
    text = (file.schema_arrow.metadata or {}).get(b"huggingface")
    try:
        names = json.loads(text)["info"]["features"][label]["names"]
        return [str(name) for name in names]
    except (TypeError, KeyError, ValueError):
        return None
