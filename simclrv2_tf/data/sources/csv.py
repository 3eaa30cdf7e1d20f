"""Tables of images: `csv:FILE`, one row for each with its path and label."""

import csv
import io
import logging
import os

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.sources.folders import EXTENSIONS
from simclrv2_tf.data.sources.opening import Part
from simclrv2_tf.data.sources.opening import open_part
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.files.remote import open_binary

_LOG = logging.getLogger("simclrv2_tf")
DELIMITERS = ",;\t|"
PATHS = (
    "path",
    "file",
    "filename",
    "file_name",
    "filepath",
    "filepaths",
    "image",
    "image_path",
    "img_path",
    "image_file",
    "img",
)
LABELS = (
    "label",
    "labels",
    "class",
    "class_name",
    "target",
    "category",
    "y",
)
SPLIT = "split"


def open_csv(where, split, options):
    """A table of paths and perhaps labels.

    The first row may name the columns: the path ("path", "file", "image", …),
    the label ("label", "class", …), and "split" if the table holds several.
    Without names the first column is the path and the second the label. Paths
    are relative to the table's directory. An empty label, or none, leaves an
    image unlabelled. Commas, semicolons, tabs and bars are taken between
    columns.

    Args:
      where: The file, or a pattern of several; see `files_by_split`.
      split: Name of the split, perhaps with a slice.
      options: `Options`.

    Returns:
      A `Source`.

    Raises:
      ValueError: If the file is no such table.
    """
    found = files_by_split(where, split, (".csv", ".tsv"))
    parts = {}
    for name, files in found.items():
        for file in files:
            for row_split, path, label in _rows(file, options):
                rows = parts.setdefault(row_split or name, [])
                rows.append((path, label))
    if not parts:
        raise ValueError(f"The file {where!r} names no image: it has no rows.")
    functions = {
        name: lambda rows=rows: _part(rows) for name, rows in parts.items()
    }
    return open_part(f"csv:{where}", split, functions, options)


def _part(rows):
    paths, labels = zip(*rows, strict=True)
    return Part({"paths": np.array(paths)}, np.array(labels))


def _rows(file, options):
    """Yields split ("" for none), path and label of each row."""
    table = _table(file)
    columns, start = _columns(file, table, options)
    folder = os.path.dirname(file)
    for number, row in enumerate(table[start:], start + 1):
        if not any(cell.strip() for cell in row):
            continue
        path, label, split = (_cell(row, column) for column in columns)
        if not path or "\0" in path:
            raise ValueError(
                f"The file {file!r} must name an image in each row. Received: "
                f"{row!r} in row {number}"
            )
        lower = split.lower()
        yield (
            lower if lower in KNOWN else split,
            path if "://" in path else os.path.join(folder, path),
            label,
        )


def _cell(row, column):
    if column is None or column >= len(row):
        return ""
    return row[column].strip()


def _table(file):
    try:
        with open_binary(file) as data:
            text = data.read().decode("utf-8-sig")
        first = text.lstrip("\r\n").split("\n", 1)[0]
        delimiter = max(DELIMITERS, key=first.count)
        return list(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"The file {file!r} cannot be read as a table: {error}"
        ) from None


def _columns(file, table, options):
    """Columns of path, label and split, None for none; the first row."""
    head = [cell.strip() for cell in table[0]] if table else []
    asked = [options.image_feature, options.label_feature]
    missing = [name for name in asked if name and name not in head]
    if missing:
        raise ValueError(
            f"The file {file!r} must have the column {missing[0]!r}. Received: "
            f"{', '.join(head)}"
        )
    image = _column(head, asked[0], PATHS)
    if image is not None:
        label = _column(head, asked[1], LABELS)
        if label is None and len(head) > 1:
            _LOG.warning(
                "%s: no column of labels is known among %s; --label_feature "
                "names one",
                file,
                ", ".join(head),
            )
        return (image, label, _column(head, None, (SPLIT,))), 1
    second = table[1] if len(table) > 1 else []
    named = any(map(_is_image, second)) and not any(map(_is_image, head))
    if asked[1] or named:
        raise ValueError(
            f"The first row of {file!r} must call the column of paths "
            f"{listed(PATHS)}; or name it with --image_feature. Received: "
            f"{', '.join(head)}"
        )
    return (0, 1, None), 0


def _column(head, asked, usual):
    """Number of the column of that name, None for none."""
    if asked:
        return head.index(asked)
    lower = [name.lower() for name in head]
    return next((lower.index(name) for name in usual if name in lower), None)


def _is_image(path):
    return path.lower().endswith(EXTENSIONS)
