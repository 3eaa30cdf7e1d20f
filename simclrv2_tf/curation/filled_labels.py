"""Labels that were filled into a table of images to label.

The next round writes `next_labels.csv` anew. Labels that the data have by then
go on into the new table; others would be lost.
"""

from __future__ import annotations

import os

from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.table.csv_table import DELIMITERS
from simclrv2_tf.files.csv_rows import csv_rows
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.utf8 import table_text

TABLE = "next_labels.csv"
_READ = ("file", "label", "rank")
_TITLES = 20  # lines among which that of the columns' names is looked for


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
    text = table_text(path, repr(path)).lstrip("\r\n")
    if not text.strip():
        return []
    lines, delimiter, head = _from_header(text)
    if not set(_READ) <= set(head):
        raise _refused(path, f"the columns {', '.join(head)}, not its own")
    rows = csv_rows(lines, repr(path), delimiter)
    places = [head.index(name) for name in _READ]
    cells = [[_cell(row, place) for place in places] for row in rows[1:]]
    return [file for file, label, rank in cells if rank and _is_label(label)]


def _from_header(text):
    """The lines from the columns' names on, what parts them, and the names.

    Before them may stand Excel's `sep=;` and the like. Where no line has all
    names the first is taken for it.
    """
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines[:_TITLES]):
        for delimiter in DELIMITERS:
            head = _names(line, delimiter)
            if set(_READ) <= set(head):
                return "".join(lines[place:]), delimiter, head
    delimiter = max(DELIMITERS, key=lines[0].count)
    return text, delimiter, _names(lines[0], delimiter)


def _names(line, delimiter):
    return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _cell(row, place):
    return row[place].strip() if place < len(row) else ""


def _is_label(cell):
    """Whether the data would have a label of it: "" and -1 are none."""
    try:
        return label_names([cell], str) != [""]
    except ValueError:  # for which the data are refused
        return True


def _labelled(pool):
    """Where the images are that have a label."""
    known = pool.source.labels >= 0
    names = [*pool.files[known].tolist(), *pool.own_files[known].tolist()]
    return {_place(name, "") for name in names if name}


def _place(file, directory):
    """A file's whole path; a name that is none remains one name."""
    if is_remote(file) or "#" in file and not os.path.isabs(file):
        return file
    return os.path.realpath(os.path.join(directory, file))


def _refused(path, received):
    return ValueError(
        f"`label_budget` writes {path!r} anew, where labels must not be lost. "
        f"Received: a table with {received}; give --dataset=csv:{path} to go "
        f"on with them (concat:csv:{path},OTHERS beside data that are no "
        "files), move the table, or give another --curate_output"
    )
