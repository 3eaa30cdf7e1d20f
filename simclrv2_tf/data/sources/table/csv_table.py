"""A table of text: its rows, and which columns hold what."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.decode.magic import EXTENSIONS
from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import SPLIT
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.splits import TEST
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import VALIDATION
from simclrv2_tf.files.csv_rows import csv_rows
from simclrv2_tf.files.utf8 import table_text

_LOG = logging.getLogger("simclrv2_tf")
DELIMITERS = ",;\t|"
_CALLED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEPARATOR = re.compile(r"sep=(.?)", re.IGNORECASE)  # Excel's first line
_SPLITS = {*TRAIN, *VALIDATION, *TEST}
_TITLES = 20  # rows among which the names of the columns are looked for


class Columns(NamedTuple):
    """Numbers of the columns; None for one that is not there."""

    image: int
    label: int | None
    split: int | None


class CsvTable(NamedTuple):
    """A table as it was read.

    Attributes:
      rows: Pairs of a row's number, from 1, and its cells; without blank ones.
      columns: `Columns`.
      notes: Sentences about lines that were passed over.
      no_label: The error where an option names a column of labels that is
        not there, else "".
    """

    rows: list[tuple[int, list[str]]]
    columns: Columns
    notes: list[str]
    no_label: str = ""


def read_table(file: str, options: SourceOptions) -> CsvTable:
    """Reads a table.

    Before the names of the columns may stand blank lines, comments that begin
    with "#", Excel's `sep=`, and titles with fewer cells.

    Raises:
      ValueError: If it cannot be read, columns are not known, or rows have
        more of them than the names.
    """
    rows, delimiter = _rows(file)
    place = _header(rows, options.image_feature)
    head = _cells(rows[place]) if rows else []
    following: list[str] = next(filter(_filled, rows[place + 1 :]), [])
    columns, named = _columns(file, head, following, options)
    numbered = enumerate(rows[place + named :], place + named + 1)
    content = [(number, row) for number, row in numbered if _filled(row)]
    _check_widths(file, rows, place, delimiter, named)
    label, no_label = options.label_feature, ""
    if label and label not in head:
        no_label = _no_column(file, head, label)
    notes = _notes(file, rows[:place])
    notes += _unread_splits(file, head if named else [], columns, content)
    return CsvTable(content, columns, notes, no_label)


def _rows(file):
    """All rows, and what stands between the columns."""
    named = f"The file {file!r}"
    text = table_text(file, named)
    delimiter = _delimiter(text)
    return csv_rows(text, named, delimiter), delimiter


def _check_widths(file, rows, place, delimiter, named):
    """Raises for a row with more cells than the first: a path may be cut."""
    if not rows:
        return
    wide = len(rows[place])
    first = "the header"
    if not named:  # a first row may lack its label
        wide, first = max(wide, 2), "the first row"
    for index in range(place + 1, len(rows)):
        if _filled(rows[index][wide:]):
            signs = _CALLED.get(delimiter, repr(delimiter))
            raise ValueError(
                f"The file {file!r} must name the column of each cell. "
                f"Received: line {_line(rows, index)} has {len(rows[index])} "
                f"cells where {first} has {wide}; put quotes around a name "
                f"with {signs}"
            )


def _line(rows, index):
    """Number of the line where a row begins; quoted cells may have several."""
    before = "".join(cell for row in rows[:index] for cell in row)
    return index + 1 + before.count("\n")


def _delimiter(text):
    """What stands between the columns: the commonest in the first full line."""
    for line in text.splitlines()[:_TITLES]:
        if match := _SEPARATOR.fullmatch(line.strip()):
            return match[1] or "\t"
        likeliest = max(DELIMITERS, key=line.count)
        known = line.strip().lower() in IMAGES["csv"] or _is_image(line)
        if not _is_comment([line]) and (likeliest in line or known):
            return likeliest
    return DELIMITERS[0]


def _header(rows, image_feature):
    """Number of the row that names the columns, else of the first of data.

    A comment names them where no other row does.
    """
    first, commented, widest = None, None, 0
    for place, row in enumerate(rows[:_TITLES]):
        if not _filled(row):
            continue
        names = _names_columns(row, image_feature)
        if _is_comment(row):
            commented = place if names and len(row) > 1 else commented
            continue
        following = next(filter(_filled, rows[place + 1 :]), [])
        wide = len(_filled(row)) > widest or any(map(_is_image, following))
        if names and wide:
            return place
        first = place if first is None else first
        if any(map(_is_image, row)):
            break
        widest = max(widest, len(_filled(row)))
    return (first or 0) if commented is None else commented


def _names_columns(row, image_feature):
    """Whether a row names the column of paths, and holds none."""
    cells = _cells(row)
    if any(map(_is_image, cells)):
        return False
    if image_feature:
        return image_feature in cells
    return _column(cells, None, IMAGES["csv"]) is not None


def _cells(row):
    """The cells of a row, those of a comment without its sign."""
    cells = [cell.strip() for cell in row]
    if _is_comment(row):
        cells[0] = cells[0].lstrip("# ")
    return cells


def _is_comment(row):
    """Whether a row is no data, such as `# exported`, or `sep=;`."""
    first = row[0].strip() if row else ""
    comment = first.startswith("#") and not _is_image(first)
    return comment or bool(_SEPARATOR.fullmatch(first))


def _filled(row: Sequence[str]) -> list[str]:
    """The cells that are not blank."""
    return [cell for cell in row if cell.strip()]


def _notes(file, before):
    count = sum(bool(_filled(row)) for row in before)
    if not count:
        return []
    lines = f"{count} line{'s' if count > 1 else ''}"
    return [f"passed over: {lines} before the rows of {file!r}"]


def _unread_splits(file, head, columns, content):
    """A sentence about a column of splits that has another name than theirs."""
    if columns.split is not None:
        return []
    for number, name in enumerate(head):
        cells = {
            row[number].strip().lower() for _, row in content if row[number:]
        }
        if number not in columns and len(cells) > 1 and cells <= _SPLITS:
            return [
                f"the column {name!r} of {file!r} seems to name splits, and "
                f"all rows are one split: call it {SPLIT!r} to keep them apart"
            ]
    return []


def _columns(file, head, following, options):
    """The `Columns`, and whether the first row names them."""
    _check_present(file, head, options.image_feature)
    image = None
    if options.image_feature or not any(map(_is_image, head)):
        image = _column(head, options.image_feature, IMAGES["csv"])
    if image is not None:
        return _named_columns(file, head, image, options), True
    _check_present(file, head, options.label_feature)
    if options.label_feature or _follows_names(file, head, following):
        raise ValueError(
            f"The first row of {file!r} must call the column of paths "
            f"{listed(IMAGES['csv'])}; or name it with --image_feature. "
            f"Received: {', '.join(head)}"
        )
    return Columns(0, 1, None), False


def _check_present(file, head, name):
    """Raises if there is no column of the name that an option gives."""
    if name and name not in head:
        raise ValueError(_no_column(file, head, name))


def _no_column(file, head, name):
    return (
        f"The file {file!r} must have the column {name!r}. Received: "
        f"{', '.join(head)}"
    )


def _named_columns(file, head, image, options):
    """The `Columns` by their names; warns if none is known for labels."""
    label = _column(head, options.label_feature, LABELS["csv"])
    if label is None and len(head) > 1 and not options.label_feature:
        _LOG.warning(
            "%s: no column of labels is known among %s; --label_feature "
            "names one",
            file,
            ", ".join(head),
        )
    columns = Columns(image, label, _column(head, None, (SPLIT,)))
    _check_single(file, head, columns, options)
    return columns


def _check_single(file, head, columns, options):
    """Raises if another column has the name of one that is read."""
    named = (options.image_feature, options.label_feature)
    lower = [name.lower() for name in head]
    for name in (head[column] for column in columns if column is not None):
        exact = name in named
        alike = head.count(name) if exact else lower.count(name.lower())
        if alike > 1:
            raise ValueError(
                f"The file {file!r} must have one column {name!r}. Received: "
                f"{', '.join(head)}; rename the others"
            )


def _follows_names(file, head, following):
    """Whether the first row holds no image, neither by name nor in place."""
    if any(map(_is_image, head)):
        return False
    if any(map(_is_image, following)):
        return True
    first = bool(head) and head[0].strip()
    return bool(first) and not tf.io.gfile.exists(beside(file, first))


def beside(file: str, path: str) -> str:
    """A path as a table means it: relative to the table's directory."""
    return os.path.join(os.path.dirname(file), path)


def _column(head, name, usual):
    """Number of the column of that name or a usual one, None for none."""
    if name:
        return head.index(name) if name in head else None
    lower = [column.lower() for column in head]
    name = first_known(usual, lower)
    return None if name is None else lower.index(name)


def _is_image(path):
    return path.strip().lower().endswith(EXTENSIONS)
