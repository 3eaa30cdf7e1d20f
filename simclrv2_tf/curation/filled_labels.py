"""Labels that were filled into a table of images to label.

The next round writes `next_labels.csv` anew. Labels that the data have by then
go on into the new table; others would be lost.
"""

from __future__ import annotations

import os

from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.data.sources.table.csv_table import DELIMITERS
from simclrv2_tf.files.csv_rows import csv_rows
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.utf8 import table_text

TABLE = "next_labels.csv"
_READ = ("file", "label", "rank")


def check_filled(directory: str, pool: Pool) -> None:
    """Raises a ValueError if labels that were filled in would be lost.

    Those are labels in rows with a rank, which were written without one, of
    images that have no label in the pool.

    Args:
      directory: Where tables go.
      pool: `Pool` of the images with the labels that may be used.
    """
    path = os.path.join(directory, TABLE)
    if not os.path.exists(path):
        return
    filled = _filled(path)
    known = _labelled(pool) if filled else set()
    lost = [file for file in filled if _place(file, directory) not in known]
    if lost:
        raise _refused(
            path,
            f"labels of {len(lost)} images that have none in the data of this "
            f"command, such as {lost[0]!r}",
        )


def _filled(path):
    """The files in rows that have a rank and a label."""
    text = table_text(path, repr(path))
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows = [row for row in csv_rows(text, repr(path), delimiter) if any(row)]
    if not rows:
        return []
    head = [cell.strip() for cell in rows[0]]
    if not set(_READ) <= set(head):
        raise _refused(path, f"the columns {', '.join(head)}, not its own")
    places = [head.index(name) for name in _READ]
    cells = [[_cell(row, place) for place in places] for row in rows[1:]]
    return [file for file, label, rank in cells if label and rank]


def _cell(row, place):
    return row[place].strip() if place < len(row) else ""


def _labelled(pool):
    """Where the images are that have a label."""
    files = pool.files[pool.source.labels >= 0]
    return {_place(file, "") for file in files.tolist()}


def _place(file, directory):
    """A file's whole path; a name that is none remains one name."""
    if is_remote(file) or "#" in file and not os.path.isabs(file):
        return file
    return os.path.realpath(os.path.join(directory, file))


def _refused(path, received):
    return ValueError(
        f"`label_budget` writes {path!r} anew, where labels must not be lost. "
        f"Received: a table with {received}; give --dataset=csv:{path} to go "
        "on with them, move the table, or give another --curate_output"
    )
