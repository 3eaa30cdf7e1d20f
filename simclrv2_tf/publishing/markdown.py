"""Text from outside in Markdown: it shows as it is, and does nothing."""

from __future__ import annotations

import re

# All that could begin markup, HTML, a link, a mention or a formula.
_SPECIAL = re.compile(
    r"[^\w\s.,:;%()'/+=×-]|_|:(?=//)|(?<=www)\.", re.IGNORECASE
)


class Written(str):
    """Markdown of our own, which is not escaped."""


def one_line(text: object) -> str:
    """A text on one line, without what cannot be printed."""
    signs = (sign if sign.isprintable() else " " for sign in str(text))
    return " ".join("".join(signs).split())


def escaped(text: object) -> str:
    """A text as Markdown that shows it."""
    if isinstance(text, Written):
        return text
    return _SPECIAL.sub(lambda m: f"&#{ord(m[0])};", one_line(text))
