"""Checks the caller's callbacks, and saves if one of them ends training."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from simclrv2_tf import distribution
from simclrv2_tf.runs.callbacks.every_step import EveryStep
from simclrv2_tf.stages.weight_files import NO_MODEL_FILE

_LOG = logging.getLogger("simclrv2_tf")


def check_callbacks(
    callbacks: Sequence[keras.callbacks.Callback],
) -> tuple[keras.callbacks.Callback, ...]:
    """The callbacks as a tuple.

    Raises:
      ValueError: Unless they are a list or tuple of Keras callbacks, none of
        which saves a stage as a model.
    """
    if not isinstance(callbacks, (list, tuple)):
        raise ValueError(
            "`callbacks` must be a list of keras.callbacks.Callback. "
            f"Received: {_described(callbacks)}"
        )
    for number, callback in enumerate(callbacks):
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                "Each of `callbacks` must be a keras.callbacks.Callback (a "
                "function becomes one by keras.callbacks.LambdaCallback). "
                f"Received: callbacks[{number}] is {_described(callback)}"
            )
        _check_saves_weights(number, callback)
    return tuple(callbacks)


def _check_saves_weights(number, callback):
    """Raises a ValueError for a callback that could not save its file.

    A subclass may save something else.
    """
    kind = keras.callbacks.ModelCheckpoint
    if type(callback) is kind and not callback.save_weights_only:
        raise ValueError(
            f"{NO_MODEL_FILE} Received: callbacks[{number}] is a "
            f"ModelCheckpoint of the whole model in {callback.filepath!r}"
        )


def _described(value: Any) -> str:
    """A value that is no callback, in words of one line."""
    if inspect.isclass(value):
        return f"the class {value.__name__}, not an object made of it"
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


class StopWhenDone(EveryStep):
    """Saves where another callback ends training by `model.stop_training`.

    Where one does so on one of several workers, all of them end.

    Args:
      last_step: The last step of training.
      save: Function from the step to whether its checkpoint was written.
      ended_early: Function without arguments to whether the run itself ends
        training, which then has its checkpoint.
    """

    def __init__(
        self,
        last_step: int,
        save: Callable[[int], bool],
        ended_early: Callable[[], bool] = lambda: False,
    ):
        super().__init__()
        self._last_step = last_step
        self._save = save
        self._ended_early = ended_early

    def act(self, step: int, logs: dict | None) -> None:
        # A callback may go by the clock of its machine: all workers end.
        ends = distribution.any_worker(self.model.stop_training)
        self.model.stop_training = ends
        if not ends or step == self._last_step or self._ended_early():
            return
        saved = self._save(step)
        _LOG.warning(
            "a callback ends training at step %d of %d; its checkpoint %s",
            step,
            self._last_step,
            "is written" if saved else "could NOT be written",
        )
