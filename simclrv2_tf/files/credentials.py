"""Texts without the secrets in them, for lines, files and other services."""

from __future__ import annotations

import re
from typing import Any

_HIDDEN = "***"
_SECRET = r"token|passw|secret|credential|api_?key|access_?key"
# What stands between "://" and the "@" of an address: a name and a password.
_USER = re.compile(r"(?<=://)[^/\s]*@")
_QUERY = re.compile(rf"([?&;][\w.-]*(?:{_SECRET}|sig)[\w.-]*=)[^&;\s#]+", re.I)
_BEARER = re.compile(r"\b(bearer\s+)[\w.~+/=-]+", re.I)
_NAME = re.compile(_SECRET, re.I)


def without_credentials(text: str) -> str:
    """A text whose addresses have no passwords and whose queries no keys."""
    text = _USER.sub(f"{_HIDDEN}@", text)
    text = _BEARER.sub(rf"\1{_HIDDEN}", text)
    return _QUERY.sub(rf"\1{_HIDDEN}", text)


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
