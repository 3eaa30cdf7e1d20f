"""Tables of images: `csv:FILE`, one row for each with its path and label."""

from __future__ import annotations

import functools

import numpy as np

from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.csv_table import beside
from simclrv2_tf.data.sources.csv_table import read_table
from simclrv2_tf.data.sources.opening import Options
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.storage import Files
from simclrv2_tf.files.paths import is_remote


def find_csv(where: str, split: str | None, options: Options) -> Readers:
    """Tables of paths and perhaps labels.

    The first row may name the columns: the path ("path", "file", "image", …),
    the label ("label", "class", …), and "split" if the table holds several.
    Without names the first column is the path and the second the label. Paths
    are relative to the table's directory. An empty label, -1, or none, leaves
    an image unlabelled. Commas, semicolons, tabs and bars are taken between
    columns. Lines before the names are passed over, see `read_table`.

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
    notes: list[str] = []
    for name, files in by_split.items():
        for file in files:
            table = read_table(file, options)
            notes += table.notes
            for row_split, *row in _rows(file, table):
                splits.setdefault(row_split or name, []).append(tuple(row))
    if not splits:
        raise ValueError(f"The file {where!r} names no image: it has no rows.")
    return {
        name: functools.partial(_content, rows, tuple(notes))
        for name, rows in splits.items()
    }


def _content(rows, notes):
    paths, values, places = zip(*rows, strict=True)
    labels = label_names(
        values, lambda index: "row {} of the file {!r}".format(*places[index])
    )
    _check_one_label(paths, labels, places)
    return SplitContent(Files(np.array(paths)), labels, notes)


def _check_one_label(paths, labels, places):
    """Raises if an image is listed again, in another class."""
    first: dict[str, int] = {}
    for index, path in enumerate(paths):
        before = first.setdefault(path, index)
        if labels[before] != labels[index]:
            number, file = places[index]
            raise ValueError(
                "An image must have one label. Received: "
                f"{labels[before]!r} and {labels[index]!r} for {path!r}, in "
                f"the rows {places[before][0]} and {number} of the file "
                f"{file!r}; leave one of them out"
            )


def _rows(file, table):
    """Yields split ("" for none), path, label and (row, file) of each row."""
    for number, row in table.rows:
        path, label, split = (_cell(row, column) for column in table.columns)
        if not path or "\0" in path:
            raise ValueError(
                f"The file {file!r} must name an image in each row. Received: "
                f"{row!r} in row {number}"
            )
        lower = split.lower()
        yield (
            lower if lower in KNOWN else split,
            path if is_remote(path) else beside(file, path),
            label,
            (number, file),
        )


def _cell(row, column):
    if column is None or column >= len(row):
        return ""
    return row[column].strip()
