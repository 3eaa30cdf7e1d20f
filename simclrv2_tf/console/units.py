"""Seconds, bytes and shares in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds in words: "2 h 05 min", "3 min 20 s", "7 s"."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    if seconds >= 60:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds} s"


def clock(seconds: float) -> str:
    """Whole seconds as h:mm:ss, for what changes while one looks on."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def gigabytes(size: float) -> str:
    """Bytes in words: "1.5 GB" of 1e9, two digits of less: "0.0012 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e9:.2g} GB"


def percent(share: float) -> str:
    """A share of right answers in words: "81.2%", "100.0%" of all alone."""
    text = f"{share:.1%}"
    return "99.9%" if share < 1 and text == "100.0%" else text
