"""Images that a table names are left out of a data set."""

from __future__ import annotations

import logging
import os

import numpy as np

from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import ALIASES
from simclrv2_tf.data.splits import same_split
from simclrv2_tf.files.csv_rows import csv_rows
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.utf8 import table_text

COLUMN = "file"
KEEP = "keep"  # a column; rows where it says yes are not left out
SPLIT = "split"  # a column: the split that a row is about
_LOG = logging.getLogger("simclrv2_tf")


def read_excluded(path: str, split: str | None = None) -> set[str]:
    """The names in a table, those of files as whole paths.

    A table that leaves nothing out is logged as a warning.

    Args:
      path: CSV with a column "file", or a name a line; paths are relative to
        the table's directory. Rows whose column "keep" says yes are passed
        over. A "#" and a number name an image that is no
        file, as `whole_names` does.
      split: The split that images are left out of, perhaps with a slice. A
        file that rows name in several splits stays in those that a row with
        "keep" names in the column "split"; None for it to stay in none.

    Raises:
      ValueError: If it cannot be read, or it is not known where its names
        are.
    """
    named = f"`exclude_images` {path!r}"
    text = table_text(path, named)
    rows = [row for row in csv_rows(text, named) if any(row)]
    names, kept, both = _columns(rows, split) if rows else ([], [], [])
    if names is None:
        raise ValueError(
            f"`exclude_images` must have a column {COLUMN!r}, or a name a "
            f"line. Received: {path!r} with the columns {', '.join(rows[0])}"
        )
    if not names:
        _LOG.warning(
            "exclude_images leaves nothing out: %r names no image but those "
            "that it keeps (column %r); is it the table that was meant?",
            path,
            KEEP,
        )
    stay = _meant(path, kept) - _meant(path, both)
    return _meant(path, names) - stay


def _columns(rows, split):
    """Names that rows leave out; those kept, and left out, in the split.

    The first is None if it is not known where they are.
    """
    head = [cell.strip() for cell in rows[0]]
    if COLUMN not in head:
        if any(len(row) > 1 for row in rows):
            return None, [], []
        return _named(row[0] for row in rows), [], []
    table = [dict(zip(head, row, strict=False)) for row in rows[1:]]
    meant = _split_of(table, split)
    out, kept, both = [], [], []
    for row in table:
        name, here = row.get(COLUMN, ""), _plain(row.get(SPLIT, "")) == meant
        if row.get(KEEP, "").strip() != "yes":
            out.append(name)
            both += [name] * here
        elif here:
            kept.append(name)
    return _named(out), _named(kept), _named(both)


def _named(cells):
    return [cell.strip() for cell in cells if cell.strip()]


def _split_of(table, split):
    """What a table calls a split, or one that may stand for it; else None."""
    if split is None:
        return None
    wanted = _plain(split)
    known = dict.fromkeys(_plain(row.get(SPLIT, "")) for row in table)
    stand_ins = (name for name in ALIASES.get(wanted, ()) if name in known)
    return same_split(list(known), wanted) or next(stand_ins, None)


def _plain(split):
    """The name of a split without its slice."""
    return split.split("[")[0].strip()


def _meant(path, names):
    """Names, and the whole paths that they may be; a set."""
    folder = os.path.dirname(os.path.abspath(path))
    local = [name for name in names if not is_remote(name)]
    beside = [os.path.normpath(os.path.join(folder, name)) for name in local]
    return {*names, *beside}


def left_in(source: Source, excluded: set[str]) -> np.ndarray:
    """Numbers of the examples that are not left out, sorted.

    Raises:
      ValueError: If none is left.
    """
    names = whole_names(source)
    kept = [index for index, n in enumerate(names) if n not in excluded]
    if not kept:
        raise ValueError(
            "`exclude_images` must leave an image. Received: a table that "
            f"names all {source.num_examples} of {source.name}; what it names "
            "is left out of all splits"
        )
    return np.array(kept)
