"""Callbacks that count steps from the start of training."""

from __future__ import annotations

import keras


class EveryStep(keras.callbacks.Callback):
    """Calls `act(step, logs)` after every step.

    Steps are counted from the start of training, not of this process.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.step = int(self.model.optimizer.iterations.numpy())

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.step += 1
        self.act(self.step, logs)

    def act(self, step: int, logs: dict | None) -> None:
        raise NotImplementedError


class EveryFew(EveryStep):
    """Calls `act_now(step, logs)` every so many steps and after the last.

    Args:
      every: Steps from one call to the next.
      last_step: The last step of training.
    """

    def __init__(self, every: int, last_step: int):
        super().__init__()
        self.every = max(1, every)
        self.last_step = last_step

    def act(self, step: int, logs: dict | None) -> None:
        if step % self.every == 0 or step == self.last_step:
            self.act_now(step, logs)

    def act_now(self, step: int, logs: dict | None) -> None:
        raise NotImplementedError
