"""Optional fields, where the task needs a value."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def required(value: T | None, name: str) -> T:
    """The value of a field that must be given.

    Args:
      value: What a `Config` has.
      name: Of the field.

    Raises:
      ValueError: If it is None.
    """
    if value is None:
        raise ValueError(f"`{name}` must be given. Received: None")
    return value
