"""How many there are of something, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number and a noun: "1 image", "1,200 images"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
