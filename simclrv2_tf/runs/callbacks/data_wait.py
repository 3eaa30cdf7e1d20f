"""How long steps wait for their data."""

from __future__ import annotations

import time

import keras

from simclrv2_tf.stages.stage import ITERATORS
from simclrv2_tf.stages.stage import keep_input


class DataWait(keras.callbacks.Callback):
    """Fetches the batch before each step, and measures how long that takes.

    `fit` would take it inside the compiled step, where nothing can be timed.

    Attributes:
      total: Seconds waited since training began.
    """

    def __init__(self):
        super().__init__()
        self.total = self._reported = 0.0

    def spent(self) -> float:
        """Seconds waited since the last call."""
        seconds, self._reported = self.total - self._reported, self.total
        return seconds

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._step = self.model.train_function
        self.total = self._reported = 0.0
        if self.model.steps_per_execution == 1:
            self.model.train_function = self._timed

    def on_train_end(self, logs: dict | None = None) -> None:
        self.model.train_function = self._step

    def _timed(self, iterator):
        if not isinstance(iterator, ITERATORS):
            return self._step(iterator)
        keep_input(iterator)  # the step sees its batch alone
        start = time.monotonic()
        batch = next(iterator)
        self.total += time.monotonic() - start
        return self._step([batch])
