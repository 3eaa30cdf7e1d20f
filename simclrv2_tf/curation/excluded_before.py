"""Rows of the table that a curation leaves images out by, and writes anew.

`--exclude_images` may name the `near_duplicates.csv` of the same directory: a
curation that does not look at its images finds them no more, so that their rows
go on into the new table.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping

from simclrv2_tf.data.exclusion import COLUMN
from simclrv2_tf.data.exclusion import KEEP
from simclrv2_tf.files.csv_rows import csv_rows
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.utf8 import table_text

COPIES = "near_duplicates"
GROUP = "group"


def rows_before(
    table: str | None, directory: str, columns: Mapping[str, Collection[str]]
) -> list[dict[str, str]]:
    """The rows of near-duplicates that a new table has to keep.

    Args:
      table: What `exclude_images` names, None for nothing.
      directory: Where tables go.
      columns: {name of a table: its columns} of all that a curation writes.

    Returns:
      {column: cell} of each row of `near_duplicates.csv` there if that is the
      table; none otherwise.

    Raises:
      ValueError: If it is another table that a curation writes there, or has
        columns that would be lost.
    """
    name = _written_as(table, directory, columns)
    if not table or name is None:
        return []
    if name != COPIES:
        raise _lost(table, "which a curation writes anew")
    named = f"`exclude_images` {table!r}"
    rows = [row for row in csv_rows(table_text(table, named), named) if row]
    head = [cell.strip() for cell in rows[0]] if rows else [COLUMN]
    if COLUMN not in head or not set(head) <= set(columns[COPIES]):
        raise _lost(table, f"with the columns {', '.join(head)}")
    return [dict(zip(head, row, strict=False)) for row in rows[1:]]


def _written_as(table, directory, names):
    """Which of the tables in a directory a path is, None for none of them."""
    if not table or is_remote(table):
        return None
    paths = {
        os.path.realpath(os.path.join(directory, f"{name}.csv")): name
        for name in names
    }
    return paths.get(os.path.realpath(table))


def _lost(table, which):
    return ValueError(
        "`exclude_images` must name another table than those that this "
        "curation writes, or what it names would be lost. Received: "
        f"{table!r}, {which}; copy it, or give another --curate_output"
    )


def left_out(rows: Iterable[dict[str, str]]) -> int:
    """How many images rows leave out; those with "keep" stay.

    Args:
      rows: See `rows_before`.
    """
    return sum(row.get(KEEP, "").strip() != "yes" for row in rows)


def numbered_after(
    rows: Iterable[dict[str, str]], groups: int, columns: Collection[str]
) -> list[list[str]]:
    """Rows in the order of the columns, their groups after others.

    Args:
      rows: See `rows_before`.
      groups: How many groups come before them.
      columns: Of the table.
    """
    return [
        [
            _later(row.get(name, ""), groups)
            if name == GROUP
            else row.get(name, "")
            for name in columns
        ]
        for row in rows
    ]


def _later(group, groups):
    number = group.strip()
    return f"{int(number) + groups}" if number.isdecimal() else group
