"""Where the quotes of a table of text go wrong."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n?|\n")


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
