"""Tables of images: `csv:FILE`, one row for each with its path and label."""

from __future__ import annotations

import dataclasses
import functools
import logging
import os

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.missing_label import MissingLabel
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.opening import failing
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
      ValueError: If the file is no such table. Of several splits in files of
        their own, it is raised when a split that the file names is opened.
    """
    by_split = files_by_split(where, split, (".csv", ".tsv"))
    splits: dict[str, _Split] = {}
    faulty: dict[str, ValueError] = {}
    notes: list[str] = []
    for name, files in by_split.items():
        for file in files:
            more, errors = _add(file, name, splits, options)
            if errors and len(by_split) == 1:
                raise next(iter(errors.values()))
            notes += more
            faulty = {**errors, **faulty}
    if not splits and not faulty:
        raise ValueError(f"The file {where!r} names no image: it has no rows.")
    if split and split.split("[")[0] in TRAIN:
        _tell_idle(where, {name: len(s.rows) for name, s in splits.items()})
    whole = {
        name: functools.partial(_content, rows, tuple(notes))
        for name, rows in splits.items()
    }
    return {**whole, **{name: failing(e) for name, e in faulty.items()}}


@dataclasses.dataclass
class _Split:
    """Rows of a split, the files that they are in, and errors of these.

    An error is that of a file without the column of labels that is named.
    """

    rows: list[tuple[str, str, tuple[int, str]]] = dataclasses.field(
        default_factory=list
    )
    no_label: dict[str, str] = dataclasses.field(default_factory=dict)


def _add(file, name, splits, options):
    """Adds a file's rows to their splits, all or none.

    Returns:
      The notes about it, and {split: error} of the splits that it names if it
      is faulty.
    """
    named = {name}
    try:
        table = read_table(file, options)
        named = {_split_of(row, table) or name for _, row in table.rows}
        rows = list(_rows(file, table))
    except ValueError as error:
        return [], dict.fromkeys(named, error)
    for row_split, *row in rows:
        split = splits.setdefault(row_split or name, _Split())
        split.rows.append(tuple(row))
        split.no_label[file] = table.no_label
    return table.notes, {}


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


def _content(split, notes):
    paths, values, places = zip(*split.rows, strict=True)
    labels = label_names(
        values, lambda index: "row {} of the file {!r}".format(*places[index])
    )
    kept = _first_rows(paths, labels, places)
    _tell_repeats([places[i][1] for i in set(range(len(paths))) - set(kept)])
    return SplitContent(
        Files(np.array([paths[index] for index in kept])),
        [labels[index] for index in kept],
        notes,
        _missing_label(split),
    )


def _missing_label(split):
    """A `MissingLabel` of the files without it, None where all have it."""
    lacking = [file for file, error in split.no_label.items() if error]
    if not lacking:
        return None
    return MissingLabel(
        split.no_label[lacking[0]],
        "the column of labels that is named",
        f"{len(lacking):,} of {len(split.no_label):,} files",
        repr(lacking[0]),
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
        path, label, _ = (_cell(row, column) for column in table.columns)
        if not path or "\0" in path:
            raise ValueError(
                f"The file {file!r} must name an image in each row. Received: "
                f"{row!r} in row {number}"
            )
        yield (
            _split_of(row, table),
            path if is_remote(path) else beside(file, path),
            label,
            (number, file),
        )


def _split_of(row, table):
    """The split that a row names, "" for none."""
    split = _cell(row, table.columns.split)
    return split.lower() if split.lower() in KNOWN else split


def _cell(row, column):
    if column is None or column >= len(row):
        return ""
    return row[column].strip()
