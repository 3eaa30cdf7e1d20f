"""A profile of some steps, and the operations that take longest in them."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
from collections.abc import Iterator
from collections.abc import Sequence

import tensorflow as tf

from simclrv2_tf.config import profiled
from simclrv2_tf.config.required import required
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.runs.callbacks.every_step import EveryStep
from simclrv2_tf.runs.hardware import memory
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.monitoring.operation_times import OperationTime
from simclrv2_tf.runs.monitoring.operation_times import operation_times

SHOWN = 10
_PATTERN = os.path.join("plugins", "profile", "*", "*.xplane.pb")
_LOG = logging.getLogger("simclrv2_tf")


class ProfileSteps(EveryStep):
    """Writes a TensorBoard profile of some steps and prints what took long.

    Args:
      directory: Of the run; the profile goes to `plugins/profile` in there.
      steps: First and last step, counted from 1, as `--profile_steps`.
      wait: The `DataWait` of the same `fit`.
      journal: A `Journal`.
    """

    def __init__(
        self, directory: str, steps: str, wait: DataWait, journal: Journal
    ):
        super().__init__()
        self._directory = directory
        first_and_last = required(profiled(steps), "profile_steps")
        self._first, self._last = first_and_last
        self._wait = wait
        self._journal = journal
        self._begun: tuple[int, float, float] | None = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        if self.step >= self._first:
            _LOG.warning(
                "no profile: step %d of --profile_steps is over, training "
                "goes on at step %d",
                self._first,
                self.step + 1,
            )

    def on_train_batch_begin(
        self, batch: int, logs: dict | None = None
    ) -> None:
        if self.step + 1 == self._first:
            self._start()

    def _start(self):
        try:
            tf.profiler.experimental.start(self._directory)
        except tf.errors.AlreadyExistsError:
            _LOG.warning("no profile: another one is being taken")
            return
        self._begun = (self.step, self._wait.total, time.monotonic())

    def act(self, step: int, logs: dict | None) -> None:
        if step == self._last:
            self._finish(step)

    def on_train_end(self, logs: dict | None = None) -> None:
        self._finish(self.step)

    def _finish(self, step):
        if self._begun is None:
            return
        self.model.optimizer.iterations.numpy()  # waits for the device
        before, waited, start = self._begun
        seconds = time.monotonic() - start
        self._begun = None
        tf.profiler.experimental.stop()
        written = tf.io.gfile.glob(os.path.join(self._directory, _PATTERN))
        times = operation_times(max(written))
        share = (self._wait.total - waited) / seconds
        self._tell(before + 1, step, seconds, share, times)

    def _tell(self, first, last, seconds, waiting, times):
        count = last - first + 1
        print(
            f"profile of steps {first} to {last}: "
            f"{1000 * seconds / count:.1f} ms a step, {waiting:.0%} of it "
            f"waiting for data; {gigabytes(memory.highest())} at its peak",
            *lines(times, count),
            f"all of it: tensorboard --logdir={self._directory}, with the "
            "package tensorboard-plugin-profile",
            sep="\n",
            flush=True,
        )
        self._journal.note(
            "profile",
            step=last,
            first=first,
            seconds=seconds,
            waiting=waiting,
            operations=[dataclasses.asdict(each) for each in times[:SHOWN]],
        )


def lines(times: Sequence[OperationTime], steps: int) -> Iterator[str]:
    """Yields the table of the operations that take longest.

    Args:
      times: The costliest first.
      steps: Of the profile.
    """
    total = sum(each.seconds for each in times)
    yield f"{'share':>7}{'ms a step':>11}{'a step':>8}  operation"
    for each in times[:SHOWN]:
        yield (
            f"{each.seconds / total:7.1%}{1000 * each.seconds / steps:11.2f}"
            f"{each.count / steps:8.1f}  {each.operation}"
        )
