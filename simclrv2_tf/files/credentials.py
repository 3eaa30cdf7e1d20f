"""Texts without the secrets in them, for lines, files and other services."""

from __future__ import annotations

import os
import re
from typing import Any

_HIDDEN = "***"
_SECRET = (
    r"token|passw|pwd|secret|credential|auth(?!or)|api[-_]?key|access[-_]?key"
    r"|(?<![a-z])key(?![a-z])"
)
# What stands between "://" and the "@" of an address: a name and a password,
# which may have a slash in it. A number after the colon is a port.
_USER = re.compile(r"(?<=://)(?:[^/\s]*|[^/\s:@]+:(?!\d+/)[^\s@]*)@", re.I)
_QUERY = re.compile(
    rf"([?&;](?=[\w.-]*(?:{_SECRET}|sig))[\w.-]+=)[^&;\s#]+", re.I
)
_HEADER = re.compile(r"\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.I)
_NAME = re.compile(_SECRET, re.I)
_SHORTEST = 8  # signs of a secret in the environment: others stand anywhere


def without_credentials(text: str) -> str:
    """A text without secrets, for a line that others may see.

    Addresses have no passwords and their queries no keys; what the environment
    holds under the name of a secret (`HF_TOKEN`) is hidden wherever it stands.
    """
    for secret in _of_the_environment():
        text = text.replace(secret, _HIDDEN)
    text = _USER.sub(f"{_HIDDEN}@", text)
    text = _HEADER.sub(rf"\1{_HIDDEN}", text)
    return _QUERY.sub(rf"\1{_HIDDEN}", text)


def _of_the_environment():
    """Values of variables that are named as secrets, the longest first."""
    values = (v.strip() for n, v in os.environ.items() if _NAME.search(n))
    return sorted((v for v in values if len(v) >= _SHORTEST), key=len)[::-1]


def public_values(values: dict[str, Any]) -> dict[str, Any]:
    """Options as another service may see them.

    Args:
      values: {name: value}. Those whose name tells of a secret are hidden,
        and texts are without credentials; what is None is left out.
    """
    return {
        name: _public(name, value)
        for name, value in values.items()
        if value is not None
    }


def _public(name, value):
    if _NAME.search(name):
        return _HIDDEN
    return without_credentials(value) if isinstance(value, str) else value
