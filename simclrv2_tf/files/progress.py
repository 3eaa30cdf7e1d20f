"""How far long work has come, a line on the standard error output."""

import sys
import time

SECONDS = 1.0  # from one line to the next


class Progress:
    """Counts what is done and says now and then how long the rest takes.

    Args:
      what: What is counted, for the line.
      total: How many there are.
      file: Where lines go; None for the standard error output.
      clock: Function that gives seconds.
    """

    def __init__(self, what, total, file=None, clock=time.monotonic):
        self._what, self._total = what, total
        self._file = file or sys.stderr
        self._clock = clock
        self._begun = self._said = clock()
        self._before = self._done = 0

    def skip(self, count):
        """Counts what had been done earlier, which says nothing of speed."""
        self._before += count

    def advance(self, count=1):
        """Counts what has been done since."""
        self._done += count
        now = self._clock()
        last = self._before + self._done >= self._total
        if last or now - self._said >= SECONDS:
            self._said = now
            print(self.line(now), file=self._file, flush=True)

    def line(self, now):
        """The line for a time in seconds."""
        place = self._before + self._done
        speed = self._done / max(now - self._begun, 1e-9)
        left = (self._total - place) / speed if speed else 0.0
        return (
            f"{self._what}: {place:,} of {self._total:,} "
            f"({place / max(self._total, 1):.0%}), {speed:,.0f}/s, "
            f"{duration(left)} left"
        )


def duration(seconds):
    """Seconds in words: "2 h 05 min", "3 min 20 s", "7 s"."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    if seconds >= 60:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds} s"
