"""The line of metrics, its numbers for TensorBoard and for the journal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.runs.callbacks.every import EveryFew
from simclrv2_tf.runs.callbacks.scalars import Scalars
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.memory import memory_in_use

FIRST_LINE_SECONDS = 30.0  # from the end of the first step


class Report(EveryFew):
    """Prints a line, writes scalars, then starts new means.

    Where the first line would be long in coming, one is printed before. It is
    for the eye alone: means go on, and nothing is written.

    Args:
      every: Steps from one line to the next.
      last_step: The last step of training.
      batch_size: Images in a step, for images/s.
      learning_rate: Function from the step to the learning rate.
      scalars: A `Scalars`.
      journal: A `Journal`.
      wait: A `DataWait` callback, None for none.
      stream: Where the lines go.

    Attributes:
      last: {name: float}, the metrics of the last line.
    """

    def __init__(
        self,
        every: int,
        last_step: int,
        batch_size: int,
        learning_rate: Callable,
        scalars: Scalars,
        journal: Journal,
        wait: DataWait | None = None,
        stream: TextIO | None = None,
    ):
        super().__init__(every, last_step)
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scalars = scalars
        self.journal = journal
        self.wait = wait
        self.stream = stream or sys.stdout
        self.last = {}
        self._since = None
        self._early = EarlyLine(FIRST_LINE_SECONDS)

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._since = None
        self._early.begin(time.monotonic())

    def on_train_end(self, logs=None):
        """Where training was ended before the first line, this tells it."""
        self.last = self.last or self._metrics(self.step, logs)

    def act(self, step, logs):
        now = time.monotonic()
        if self._since is None:  # the first step compiles: it tells no speed
            self._since = (now, step)
        super().act(step, logs)
        if self._early.is_due(now):
            self._print(step, self._metrics(step, logs), self._speed(step, now))

    def act_now(self, step, logs):
        self._early.done()
        self.last = self._metrics(step, logs)
        self.model.reset_metrics()
        pace = self._pace(step)
        self._print(step, self.last, pace)
        self.scalars(step, {**self.last, **pace})
        self.journal.note(
            "train",
            step=step,
            last_step=self.last_step,
            metrics=self.last,
            skipped=int(self.model.nonfinite.skipped.numpy()),
            **pace,
        )

    def _metrics(self, step, logs):
        """{name: float}, and the learning rate that the step had."""
        values = {n: float(v) for n, v in (logs or {}).items() if n != "loss"}
        return {**values, "learning_rate": float(self.learning_rate(step - 1))}

    def _pace(self, step):
        """Speed since the last line, what it cost; begins a new stretch."""
        now = time.monotonic()
        pace = {"memory_gib": memory_in_use() / 2**30}
        speed = self._speed(step, now)
        if speed and self.wait:
            seconds = max(now - self._since[0], 1e-9)
            speed["data_wait_share"] = min(1.0, self.wait.spent() / seconds)
        self._since = (now, step)
        return {**pace, **speed}

    def _speed(self, step, now):
        """Images a second since the last line, and the time that is left."""
        then, before = self._since
        if step == before:
            return {}
        seconds = max(now - then, 1e-9) / (step - before)
        return {
            "images_per_second": self.batch_size / seconds,
            "seconds_left": (self.last_step - step) * seconds,
        }

    def _print(self, step, metrics, pace):
        shown = [
            f"{name.removeprefix('train/')} {value:.4g}"
            for name, value in metrics.items()
        ]
        if "images_per_second" in pace:
            shown += [f"{pace['images_per_second']:.0f} images/s"]
            shown += [f"{clock(pace['seconds_left'])} left"]
        if "data_wait_share" in pace:
            shown += [f"{pace['data_wait_share']:.0%} waiting for data"]
        if "memory_gib" in pace:
            shown += [f"{pace['memory_gib']:.1f} GiB"]
        line = "  ".join([f"step {step}/{self.last_step}", *shown])
        print(line, file=self.stream, flush=True)


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
        self._waits, self._first, self._before = True, None, now

    def done(self) -> None:
        """A line was printed."""
        self._waits = False

    def is_due(self, now: float) -> bool:
        """Whether to print one after the step that ends now."""
        if not self._waits:
            return False
        if self._first is None:
            self._first = now
        next_end = now + (now - self._before)
        self._before = now
        due = next_end - self._first > self._seconds
        self._waits = not due
        return due


def clock(seconds: float) -> str:
    """h:mm:ss."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
