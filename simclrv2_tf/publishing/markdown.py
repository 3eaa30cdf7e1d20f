"""Text from outside in Markdown: it shows as it is, and does nothing."""

from __future__ import annotations

import re

# All that could begin markup, HTML, a link, a mention, a formula or an emoji.
_SPECIAL = re.compile(
    r"[^\w\s.,:;%()'/+=×-]|_|:(?=//|[\w+-]+:)|(?<=www)\.", re.IGNORECASE
)
# What makes a line a list, a heading or a rule.
_BEGINNING = re.compile(r"^(?:[-+=]|\d{1,9}[.)](?=\s|$))")
_JOINERS = "\u200c\u200d"  # within words of Persian or Hindi, and emoji


class Written(str):
    """Markdown of our own, which is not escaped."""


def one_line(text: object) -> str:
    """A text on one line, without what cannot be printed."""
    signs = (
        sign if sign.isprintable() or sign in _JOINERS else " "
        for sign in str(text)
    )
    return " ".join("".join(signs).split())


def escaped(text: object) -> str:
    """A text as Markdown that shows it."""
    if isinstance(text, Written):
        return text
    return _BEGINNING.sub(_shown, _SPECIAL.sub(_shown, one_line(text)))


def _shown(match):
    """What was matched, its last sign as an entity."""
    return f"{match[0][:-1]}&#{ord(match[0][-1])};"
