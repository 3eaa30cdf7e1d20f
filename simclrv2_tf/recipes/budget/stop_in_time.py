"""A Keras callback that ends a probe when its seconds are over."""

from __future__ import annotations

import time

import keras


class StopInTime(keras.callbacks.Callback):
    """Ends training after so many seconds, and so many steps at least.

    The seconds are counted from the end of the first step, which compiles.

    Args:
      seconds: From which on training ends.
      least_steps: Steps that are taken anyway, 2 or more; 2 where the second
        one takes longer than the seconds.
    """

    def __init__(self, seconds: float, least_steps: int):
        super().__init__()
        self._seconds = seconds
        self._least = least_steps
        self._ends: list[float] = []

    @property
    def steps(self) -> int:
        """Steps that were taken."""
        return len(self._ends)

    def step_seconds(self) -> float:
        """Seconds of a step, in the second half of those taken."""
        first = max(0, self.steps // 2 - 1)
        taken = self.steps - 1 - first
        return max(1e-4, (self._ends[-1] - self._ends[first]) / taken)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._ends.append(time.monotonic())
        if self._is_late(self.steps - 1) and self._are_enough():
            self.model.stop_training = True

    def _is_late(self, step):
        return self._ends[step] - self._ends[0] > self._seconds

    def _are_enough(self):
        return self.steps >= self._least or self._is_late(1)
