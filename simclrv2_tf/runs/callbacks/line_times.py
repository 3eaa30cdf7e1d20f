"""When a line of metrics is printed."""

from __future__ import annotations

import math


class SparseLines:
    """Tells which lines to print: the first, then one in so many seconds.

    Args:
      seconds: That many; 0 for all.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._last = -math.inf
        self._begun = False

    def is_due(self, now: float) -> bool:
        """Whether to print the one that came up now."""
        first, self._begun = not self._begun, True
        return first or now - self._last >= self._seconds

    def note(self, now: float) -> None:
        """A line was printed."""
        self._last = now


class EarlyLine:
    """Tells when to print a first line ahead of its interval, once.

    That is after the last step that ends within so many seconds of the first
    one's end, if the next step takes as long as the one before it.

    Args:
      seconds: That many.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._waits = False

    def begin(self, now: float) -> None:
        """Training begins; the first line is waited for."""
        self._waits, self._first, self._before = True, math.inf, now

    def done(self) -> None:
        """A line was printed."""
        self._waits = False

    def is_due(self, now: float) -> bool:
        """Whether to print one after the step that ends now."""
        if not self._waits:
            return False
        self._first = min(self._first, now)
        next_end = now + (now - self._before)
        self._before = now
        due = next_end - self._first > self._seconds
        self._waits = not due
        return due
