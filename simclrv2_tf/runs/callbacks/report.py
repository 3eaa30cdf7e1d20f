"""The line of metrics, its numbers for TensorBoard and for the journal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO
from typing import TypeAlias

from simclrv2_tf.console.live_line import LiveLine
from simclrv2_tf.console.live_line import is_terminal
from simclrv2_tf.console.units import clock
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.runs.callbacks.every_step import EveryFew
from simclrv2_tf.runs.callbacks.line_times import EarlyLine
from simclrv2_tf.runs.callbacks.line_times import SparseLines
from simclrv2_tf.runs.callbacks.loggers import Loggers
from simclrv2_tf.runs.hardware.memory import memory_in_use
from simclrv2_tf.runs.journal import Journal

FIRST_LINE_SECONDS = 30.0  # from the end of the first step
LOG_SECONDS = 10.0  # from one line to the next, where nobody looks on
LIVE_SECONDS = 1.0  # from one state of the live line to the next
# Step, metrics, pace and time.
_Line: TypeAlias = tuple[int, dict[str, float], dict[str, float], float]


class Report(EveryFew):
    """Prints a line, writes scalars, then starts new means.

    In a terminal each line is printed, and a live line shows the steps
    between. A log gets few of them, the first and the last always; scalars
    and the journal have all.

    Where the first line would be long in coming, one is printed before. It is
    for the eye alone: means go on, and nothing is written.

    Args:
      every: Steps from one line to the next.
      last_step: The last step of training.
      batch_size: Images in a step, for images/s.
      learning_rate: Function from the step to the learning rate.
      scalars: A `Loggers`.
      journal: A `Journal`.
      wait: A `DataWait` callback, None for none.
      live: A `LiveLine`, None for none.
      stream: Where the lines go.

    Attributes:
      last: {name: float}, the metrics of the last line.
      printed: Whether the last line was printed.
    """

    def __init__(
        self,
        every: int,
        last_step: int,
        batch_size: int,
        learning_rate: Callable,
        scalars: Loggers,
        journal: Journal,
        wait: DataWait | None = None,
        live: LiveLine | None = None,
        stream: TextIO | None = None,
    ):
        super().__init__(every, last_step)
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scalars = scalars
        self.journal = journal
        self.wait = wait
        self.live = live or LiveLine(wanted=False)
        self.stream = stream
        self.last: dict[str, float] = {}
        self.printed = False
        self._begun = False
        self._since = (0.0, 0)
        self._shown_at: float | None = None
        self._left_out: _Line | None = None
        self._early = EarlyLine(FIRST_LINE_SECONDS)

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        self._begun = False
        self._shown_at = self._left_out = None
        self._lines = SparseLines(
            0.0 if is_terminal(self.stream or sys.stdout) else LOG_SECONDS
        )
        self._early.begin(time.monotonic())

    def on_train_end(self, logs: dict | None = None) -> None:
        """Tells the last metrics, wherever training was ended."""
        self.last = self.last or self._metrics(self.step, logs)
        if self._left_out:
            self._print(*self._left_out)

    def act(self, step: int, logs: dict | None) -> None:
        now = time.monotonic()
        if not self._begun:  # the first step compiles: it tells no speed
            self._begun, self._since = True, (now, step)
            self._waited()  # for the first batch, in that step
        super().act(step, logs)
        if self._early.is_due(now):
            pace = self._speed(step, now)
            self._print(step, self._metrics(step, logs), pace, now)
        elif self.live.there and self._is_stale(now):
            self._show(step, logs, now)

    def act_now(self, step: int, logs: dict | None) -> None:
        self._early.done()
        self.last = self._metrics(step, logs)
        self.model.reset_metrics()
        pace = self._pace(step)
        self._tell(step, pace)
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
        speed, waited = self._speed(step, now), self._waited()
        if speed and self.wait:
            seconds = max(now - self._since[0], 1e-9)
            speed["data_wait_share"] = min(1.0, waited / seconds)
        self._since = (now, step)
        return {**pace, **speed}

    def _waited(self):
        """Seconds waited for data since the last call."""
        return self.wait.spent() if self.wait else 0.0

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

    def _tell(self, step, pace):
        """Prints the line unless it is too early for another."""
        now, ends = self._since[0], step == self.last_step
        self.printed = self._lines.is_due(now) or ends
        line = (step, self.last, pace, now)
        self._left_out = None if self.printed else line
        if self.printed:
            self._print(*line)

    def _print(self, step, metrics, pace, now):
        """Prints a line, below which the live line is empty for a while."""
        self._lines.note(now)
        self.live.show("")
        self._shown_at = now
        line = self._line(step, _words(metrics), pace)
        print(line, file=self.stream, flush=True)

    def _is_stale(self, now):
        """Whether the live line may be renewed; what it costs is a wait."""
        return self._shown_at is None or now - self._shown_at >= LIVE_SECONDS

    def _show(self, step, logs, now):
        """Renews the live line, with loss and accuracies alone."""
        self._shown_at = now
        brief = {
            name: value
            for name, value in self._metrics(step, logs).items()
            if name.endswith(("total_loss", "_acc"))
        }
        self.live.show(self._line(step, _words(brief), self._speed(step, now)))

    def _line(self, step, words, pace):
        shown = [f"step {step}/{self.last_step}", *words]
        if "images_per_second" in pace:
            shown += [f"{pace['images_per_second']:.0f} images/s"]
            shown += [f"{clock(pace['seconds_left'])} left"]
        if "data_wait_share" in pace:
            shown += [f"{pace['data_wait_share']:.0%} waiting for data"]
        if "memory_gib" in pace:
            shown += [gigabytes(pace["memory_gib"] * 2**30)]
        return "  ".join(shown)


def _words(metrics):
    return [f"{n.removeprefix('train/')} {v:.4g}" for n, v in metrics.items()]
