"""The rows of a table of text, and where its quotes go wrong."""

from __future__ import annotations

import csv
import io
import re

_LINE_END = re.compile(r"\r\n?|\n")
_ADVICE = "close it there, and double quotes within quotes"


def csv_rows(text: str, named: str, delimiter: str = ",") -> list[list[str]]:
    """All rows; a quote that is not closed would hide those after it.

    Args:
      text: The table.
      named: The file, as a message begins.
      delimiter: What stands between its columns.

    Raises:
      ValueError: If quotes are wrong, or a cell is too long.
    """
    lines = io.StringIO(text, newline="")
    try:
        return list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        fault = quote_fault(text, delimiter)
        reason = f"{fault}; {_ADVICE}" if fault else error
        raise ValueError(
            f"{named} cannot be read as a table: {reason}"
        ) from None


def quote_fault(text: str, delimiter: str) -> str | None:
    """What is wrong with the first quoted cell that is not written rightly.

    Args:
      text: The table.
      delimiter: What stands between its columns.

    Returns:
      Words that name the line where its quote was opened; None if all quotes
      are right.
    """
    ends = f"{re.escape(delimiter)}\r\n"
    quoted = rf'(?:\A|(?<=[{ends}]))"[^"]*(?:""[^"]*)*("?)'
    for cell in re.finditer(quoted, text):
        opened = f"a quote opened in line {_line(text, cell.start())}"
        if not cell[1]:
            return f"{opened} is not closed"
        if text[cell.end() : cell.end() + 1] not in ("", delimiter, "\r", "\n"):
            return f"{opened} is closed before its cell ends"
    return None


def _line(text, place):
    """Number of the line, from 1, that a place in a text is in."""
    return 1 + len(_LINE_END.findall(text[:place]))
