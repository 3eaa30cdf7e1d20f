"""Images/s of the steps behind the first, the same on both sides.

No step counts before `WARM_UP` of them are over: the first compiles, and those
behind it take batches that lay ready from that time.
"""

import statistics
import time

WARM_UP = 4


class StepClock:
    """Notes the end of each step.

    Args:
      batch: Images in a step.
      seconds: To go on for, behind the warm-up.
      least: Steps to go on for at least, behind the warm-up.
      now: Function that tells the time in seconds.
    """

    def __init__(self, batch, seconds, least, now=time.perf_counter):
        self._batch, self._seconds, self._least = batch, seconds, least
        self._now, self._began, self._ends = now, now(), []

    def tick(self):
        """Notes a step; whether they are enough."""
        self._ends.append(self._now())
        steady = self._ends[WARM_UP - 1 :]
        long = bool(steady) and steady[-1] - steady[0] >= self._seconds
        return long and len(steady) > self._least

    def figures(self):
        """Images/s, the middle step, and how long the first took."""
        steady = self._ends[WARM_UP - 1 :]
        steps = len(steady) - 1
        if steps < 1:
            raise ValueError(
                f"A measurement takes more than {WARM_UP} steps. Received: "
                f"{len(self._ends)}"
            )
        seconds = [b - a for a, b in zip(steady, steady[1:], strict=False)]
        return {
            "images/s": round(self._batch * steps / sum(seconds), 2),
            "steps": steps,
            "median step, s": round(statistics.median(seconds), 4),
            "first step, s": round(self._ends[0] - self._began, 1),
        }
