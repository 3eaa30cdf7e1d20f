"""Tables of images: `csv:FILE`, one row for each with its path and label."""

from __future__ import annotations

import functools
import logging
import os

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.sources.table.csv_table import beside
from simclrv2_tf.data.sources.table.csv_table import read_table
from simclrv2_tf.data.splits import ALIASES
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.splits import TEST
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.storage import Files
from simclrv2_tf.files.paths import is_remote

_LOG = logging.getLogger("simclrv2_tf")


def find_csv(where: str, split: str | None, options: SourceOptions) -> Readers:
    """Tables of paths and perhaps labels.

    The first row may name the columns: the path ("path", "file", "image", …),
    the label ("label", "class", …), and "split" if the table holds several.
    Without names the first column is the path and the second the label. Paths
    are relative to the table's directory. An empty label, -1, or none, leaves
    an image unlabelled. Commas, semicolons, tabs and bars are taken between
    columns. Lines before the names are passed over, see `read_table`; so are
    rows that list an image again with the same label.

    Args:
      where: The file, or a pattern of several; see `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `SourceOptions`.

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
    if split and split.split("[")[0] in TRAIN:
        _tell_idle(where, {name: len(rows) for name, rows in splits.items()})
    return {
        name: functools.partial(_content, rows, tuple(notes))
        for name, rows in splits.items()
    }


def _tell_idle(where, sizes):
    """Warns of splits that a job does not look at, given rows of each."""
    evaluated = next((n for n in ALIASES["validation"] if n in sizes), None)
    idle = [n for n in sizes if n not in (evaluated, *TRAIN, *TEST)]
    if idle:
        words = listed([f"{name!r} (rows: {sizes[name]:,})" for name in idle])
        _warn(
            f"the file {where!r} has images that a job neither trains nor is "
            "evaluated on unless --train_split or --eval_split names their "
            f"split: {words}"
        )


def _content(rows, notes):
    paths, values, places = zip(*rows, strict=True)
    labels = label_names(
        values, lambda index: "row {} of the file {!r}".format(*places[index])
    )
    kept = _first_rows(paths, labels, places)
    _tell_repeats([places[i][1] for i in set(range(len(paths))) - set(kept)])
    return SplitContent(
        Files(np.array([paths[index] for index in kept])),
        [labels[index] for index in kept],
        notes,
    )


def _first_rows(paths, labels, places):
    """Numbers of the rows that name an image for the first time.

    Raises:
      ValueError: If an image is listed again, in another class.
    """
    first: dict[str, int] = {}
    for index, path in enumerate(paths):
        before = first.setdefault(_whole(path), index)
        if labels[before] != labels[index]:
            number, file = places[index]
            raise ValueError(
                "An image must have one label. Received: "
                f"{labels[before]!r} and {labels[index]!r} for {path!r}, in "
                f"the rows {places[before][0]} and {number} of the file "
                f"{file!r}; leave one of them out"
            )
    return list(first.values())


def _whole(path):
    """A path by which an image is known, however it is spelled."""
    return path if is_remote(path) else os.path.abspath(path)


def _tell_repeats(files):
    """Warns of rows that are passed over, given the file of each."""
    if files:
        names = listed([repr(file) for file in sorted(set(files))])
        _warn(
            "rows that list an image again, with the same label, are passed "
            f"over: {len(files)} of {names}"
        )


@functools.cache  # a run opens a table several times
def _warn(sentence):
    _LOG.warning(sentence)


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
