"""Callbacks that end training early, and one that resumes its metrics."""

from __future__ import annotations

import logging
from collections.abc import Callable

import keras

from simclrv2_tf import distribution
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.runs.callbacks.every_step import EveryStep
from simclrv2_tf.runs.interruption import Interruption

_LOG = logging.getLogger("simclrv2_tf")


class Diverged(FloatingPointError):
    """Too many steps in a row had numbers that are not finite.

    Attributes:
      step: The last of them.
    """

    def __init__(self, message: str, step: int):
        super().__init__(message)
        self.step = step


class StopWhenTakenOver(EveryStep):
    """Raises `TakenOver` once another process has the run's directory.

    It acts before whatever reports or writes, which would mix with what the
    other process writes.

    Args:
      lock: The `Lock` of the directory.
    """

    def __init__(self, lock: Lock):
        super().__init__()
        self._lock = lock

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._lock.check()
        super().on_train_begin(logs)

    def act(self, step: int, logs: dict | None) -> None:
        self._lock.check()

    def on_train_end(self, logs: dict | None = None) -> None:
        self._lock.check()


class StopWhenBad(EveryStep):
    """Raises `Diverged` after so many bad steps in a row.

    Args:
      most: That many.
      describe: Function (step, stretch) to the words of the error.
    """

    def __init__(self, most: int, describe: Callable[[int, int], str]):
        super().__init__()
        self._most = most
        self._describe = describe

    def act(self, step: int, logs: dict | None) -> None:
        nonfinite = self.model.nonfinite
        bad = int(nonfinite.in_a_row.numpy())
        if bad == 1:
            _LOG.warning(
                "step %d is not applied: loss or gradient is not finite", step
            )
        if bad >= self._most:
            raise Diverged(self._describe(step, bad), step)


class StopWhenAsked(EveryStep):
    """Saves and raises `Preempted` when the process is asked to stop.

    Args:
      interruption: An `Interruption`.
      save: Function from the step to whether its checkpoint was written.
    """

    def __init__(self, interruption: Interruption, save: Callable[[int], bool]):
        super().__init__()
        self._interruption = interruption
        self._save = save

    def act(self, step: int, logs: dict | None) -> None:
        requested = self._interruption.reason is not None
        if not distribution.any_worker(requested):
            return
        if self._save(step):
            _LOG.warning("stopped at step %d; its checkpoint is written", step)
        else:
            _LOG.error(
                "stopped at step %d, but NO CHECKPOINT of it could be "
                "written: the run will go on from the one before",
                step,
            )
        raise self._interruption.preempted()


class Resume(keras.callbacks.Callback):
    """Restores the metrics' running means after `fit` resets them.

    Args:
      restore: Function without arguments that does so.
    """

    def __init__(self, restore: Callable[[], None]):
        super().__init__()
        self._restore = restore

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._restore()
