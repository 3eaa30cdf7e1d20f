"""Sees that pretraining does not learn, and has it stop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from simclrv2_tf.runs import journal
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.monitoring import health

# The share of views whose other view is found first, against guessing. The
# loss itself is no sign: at a low temperature good runs start above chance.
# Stopped is only what is surely lost; benchmarks/health.md, column "job".
TIMES_CHANCE = 1.5
SETTLED = 60  # steps after the warm-up


class NotLearning(Exception):
    """Pretraining was stopped, as it did not learn."""


class LearningMonitor:
    """An interruption that also stops a run that does not learn.

    Args:
      interruption: An `Interruption` that has begun.
      directory: Of the run, whose journal tells.
      batch: Images in a step.
      warmup_steps: Steps over which the learning rate rises.
      look: Called whenever the journal has grown; None for nothing.
    """

    def __init__(
        self,
        interruption: Interruption,
        directory: str,
        batch: int,
        warmup_steps: int,
        look: Callable[[], None] | None = None,
    ):
        self._interruption = interruption
        self._directory = directory
        self._chance = health.chance_found(batch)
        self._settled = warmup_steps + SETTLED
        self._look = look or (lambda: None)
        self._size = 0
        self._why: str | None = None

    @property
    def reason(self) -> str | None:
        """What asks for the stop, None if nothing does."""
        return self._interruption.reason or self._why_it_does_not()

    def deferred(self) -> contextlib.AbstractContextManager:
        return self._interruption.deferred()

    def preempted(self) -> BaseException:
        """The exception to end with."""
        if self._interruption.reason is None and self._why:
            return NotLearning(self._why)
        return self._interruption.preempted()

    def _why_it_does_not(self):
        """Looks again where the journal has grown."""
        path = os.path.join(self._directory, journal.NAME)
        size = os.path.getsize(path) if os.path.exists(path) else 0
        if size != self._size:
            self._size = size
            self._look()
            self._why = why_not_learning(
                journal.read(self._directory), self._settled, self._chance
            )
        return self._why


def why_not_learning(
    events: list[dict], settled: int, chance: float
) -> str | None:
    """Why a run is not learning, in words; None if it is.

    Args:
      events: Of its journal.
      settled: Steps of the beginning, in which nothing is judged.
      chance: The contrastive accuracy of guessing.
    """
    last = {e["event"]: e for e in events if e.get("step", 0) >= settled}
    metrics = last.get("train", {}).get("metrics", {})
    accuracy = _finite(metrics, "train/contrast_acc")
    if accuracy is not None and accuracy < TIMES_CHANCE * chance:
        return f"positives are found no better than by chance ({accuracy:.2%})"
    numbers = last.get("health", {}).get("numbers", {})
    uniformity = _finite(numbers, "uniformity")
    if uniformity is not None and uniformity > health.UNIFORM_ENOUGH:
        return f"all projections lie at one point (uniformity {uniformity:.2f})"
    return None


def _finite(numbers, name):
    """A number of a journal, None where it has none or text, as for NaN."""
    value = numbers.get(name)
    return value if isinstance(value, (int, float)) else None
