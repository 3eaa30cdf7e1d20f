"""Images that a table names are left out of a data set."""

from __future__ import annotations

import logging
import os

import numpy as np

from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.csv_rows import csv_rows
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.utf8 import table_text

COLUMN = "file"
KEEP = "keep"  # a column; rows where it says yes are not left out
_LOG = logging.getLogger("simclrv2_tf")


def read_excluded(path: str) -> set[str]:
    """The names in a table, those of files as whole paths.

    A warning says it if there is none.

    Args:
      path: CSV with a column "file", or a name a line; paths are relative to
        the table's directory. Rows whose column "keep" says yes are passed
        over. A "#" and a number name an image that is no
        file, as `whole_names` does.

    Raises:
      ValueError: If it cannot be read, or it is not known where its names
        are.
    """
    named = f"`exclude_images` {path!r}"
    text = table_text(path, named)
    rows = [row for row in csv_rows(text, named) if any(row)]
    names = _column(rows) if rows else []
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
    return {name for cell in names for name in _meant(path, cell)}


def _column(rows):
    """The names in rows, None if it is not known where they are."""
    head = [cell.strip() for cell in rows[0]]
    if COLUMN in head:
        table = [dict(zip(head, row, strict=False)) for row in rows[1:]]
        out = [r for r in table if r.get(KEEP, "").strip() != "yes"]
        names = [row.get(COLUMN, "").strip() for row in out]
    elif any(len(row) > 1 for row in rows):
        return None
    else:
        names = [row[0].strip() for row in rows]
    return [name for name in names if name]


def _meant(path, name):
    """The name, and the whole path that it may be."""
    if is_remote(name):
        return [name]
    beside = os.path.join(os.path.dirname(os.path.abspath(path)), name)
    return [name, os.path.normpath(beside)]


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
