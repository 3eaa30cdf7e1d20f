"""The line of metrics, its numbers for TensorBoard and for the journal."""

import logging
import sys
import time

import tensorflow as tf

from simclrv2_tf.runs.callbacks.every import EveryFew
from simclrv2_tf.runs.memory import memory_in_use

_LOG = logging.getLogger("simclrv2_tf")


class Report(EveryFew):
    """Prints a line, writes scalars, then starts new means.

    Args:
      every: Steps from one line to the next.
      last_step: The last step of training.
      batch_size: Images in a step, for images/s.
      learning_rate: Function from the step to the learning rate.
      scalars: Function (step, {name: float}) that writes them somewhere.
      journal: A `Journal`.
      wait: A `DataWait` callback, None for none.
      stream: Where the lines go.

    Attributes:
      last: {name: float}, the metrics of the last line.
    """

    def __init__(
        self,
        every,
        last_step,
        batch_size,
        learning_rate,
        scalars,
        journal,
        wait=None,
        stream=None,
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

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._since = None

    def act(self, step, logs):
        if self._since is None:  # the first step compiles: it tells no speed
            self._since = (time.monotonic(), step)
        super().act(step, logs)

    def act_now(self, step, logs):
        values = {name: float(value) for name, value in (logs or {}).items()}
        values["learning_rate"] = float(self.learning_rate(step - 1))
        self.last = {name: v for name, v in values.items() if name != "loss"}
        self.model.reset_metrics()
        pace = self._pace(step)
        self._print(step, pace)
        self.scalars(step, {**self.last, **pace})
        self.journal.note(
            "train",
            step=step,
            last_step=self.last_step,
            metrics=self.last,
            skipped=int(self.model.guard.skipped.numpy()),
            **pace,
        )

    def _pace(self, step):
        """Speed since the last line, and what it cost."""
        (then, before), now = self._since, time.monotonic()
        self._since = (now, step)
        pace = {"memory_gib": memory_in_use() / 2**30}
        seconds, images = now - then, (step - before) * self.batch_size
        if not images:
            return pace
        seconds = max(seconds, 1e-9)
        pace["images_per_second"] = images / seconds
        pace["seconds_left"] = (self.last_step - step) * seconds
        pace["seconds_left"] /= step - before
        if self.wait:
            pace["data_wait_share"] = min(1.0, self.wait.spent() / seconds)
        return pace

    def _print(self, step, pace):
        shown = [
            f"{name.removeprefix('train/')} {value:.4g}"
            for name, value in self.last.items()
        ]
        if "images_per_second" in pace:
            shown += [f"{pace['images_per_second']:.0f} images/s"]
            shown += [f"{clock(pace['seconds_left'])} left"]
        if "data_wait_share" in pace:
            shown += [f"{pace['data_wait_share']:.0%} waiting for data"]
        shown += [f"{pace['memory_gib']:.1f} GiB"]
        line = "  ".join([f"step {step}/{self.last_step}", *shown])
        print(line, file=self.stream, flush=True)


class Scalars:
    """Writes TensorBoard events; what fails is said once and ends nothing.

    Args:
      directory: Where the event file goes; None for nowhere.
    """

    def __init__(self, directory):
        self._directory = directory
        self._writer = None
        self._failed = False

    def __call__(self, step, values):
        self.write(
            lambda: [tf.summary.scalar(n, v) for n, v in values.items()], step
        )

    def write(self, summaries, step):
        """Calls a function that makes `tf.summary`s of a step."""
        if not self._directory:
            return
        try:
            if self._writer is None:
                self._writer = tf.summary.create_file_writer(self._directory)
            with self._writer.as_default(step=step):
                summaries()
            self._writer.flush()
        except (tf.errors.OpError, OSError) as error:
            if not self._failed:
                _LOG.warning("TensorBoard events cannot be written: %s", error)
            self._failed = True


def clock(seconds):
    """h:mm:ss."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
