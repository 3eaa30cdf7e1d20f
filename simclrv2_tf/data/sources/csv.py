"""Tables of images: `csv:FILE`, one row for each with its path and label."""

from __future__ import annotations

import csv
import functools
import io
import logging
import os

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import SPLIT
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.folders import EXTENSIONS
from simclrv2_tf.data.sources.opening import Options
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.storage import Files
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.remote import open_binary

_LOG = logging.getLogger("simclrv2_tf")
DELIMITERS = ",;\t|"


def find_csv(where: str, split: str | None, options: Options) -> Readers:
    """Tables of paths and perhaps labels.

    The first row may name the columns: the path ("path", "file", "image", …),
    the label ("label", "class", …), and "split" if the table holds several.
    Without names the first column is the path and the second the label. Paths
    are relative to the table's directory. An empty label, -1, or none, leaves
    an image unlabelled. Commas, semicolons, tabs and bars are taken between
    columns.

    Args:
      where: The file, or a pattern of several; see `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `Options`.

    Returns:
      Dictionary from splits to functions that give a `SplitContent`.

    Raises:
      ValueError: If the file is no such table.
    """
    by_split = files_by_split(where, split, (".csv", ".tsv"))
    splits: dict[str, list[tuple[str, str, tuple[int, str]]]] = {}
    for name, files in by_split.items():
        for file in files:
            for row_split, *row in _rows(file, options):
                splits.setdefault(row_split or name, []).append(tuple(row))
    if not splits:
        raise ValueError(f"The file {where!r} names no image: it has no rows.")
    return {
        name: functools.partial(_content, rows) for name, rows in splits.items()
    }


def _content(rows):
    paths, values, places = zip(*rows, strict=True)
    labels = label_names(
        values, lambda index: "row {} of the file {!r}".format(*places[index])
    )
    return SplitContent(Files(np.array(paths)), labels)


def _rows(file, options):
    """Yields split ("" for none), path, label and (row, file) of each row."""
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
            path if is_remote(path) else os.path.join(folder, path),
            label,
            (number, file),
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
    image = _column(head, asked[0], IMAGES["csv"])
    if image is not None:
        label = _column(head, asked[1], LABELS["csv"])
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
            f"{listed(IMAGES['csv'])}; or name it with --image_feature. "
            f"Received: {', '.join(head)}"
        )
    return (0, 1, None), 0


def _column(head, asked, usual):
    """Number of the column of that name, None for none."""
    if asked:
        return head.index(asked)
    lower = [name.lower() for name in head]
    name = first_known(usual, lower)
    return None if name is None else lower.index(name)


def _is_image(path):
    return path.lower().endswith(EXTENSIONS)
