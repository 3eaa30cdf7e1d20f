"""What happens around the steps: progress, scalars, checkpoints."""

import sys
import time

import keras
import tensorflow as tf


class EveryFew(keras.callbacks.Callback):
    """Calls `act(step, logs)` every `every` steps and after the last one.

    Steps are counted from the start of training, not of this process.
    """

    def __init__(self, every, last_step):
        super().__init__()
        self.every = max(1, every)
        self.last_step = last_step

    def on_train_begin(self, logs=None):
        self.step = int(self.model.optimizer.iterations)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step % self.every == 0 or self.step == self.last_step:
            self.act(self.step, logs)

    def act(self, step, logs):
        raise NotImplementedError


class SaveCheckpoint(EveryFew):
    """Saves every `every` steps and at the end; `save(step)` does it."""

    def __init__(self, every, last_step, save):
        super().__init__(every, last_step)
        self.save = save

    def act(self, step, logs):
        self.save(step)


class Report(EveryFew):
    """Prints a line and writes TensorBoard scalars, then starts new means.

    Args:
      every: Steps from one line to the next.
      last_step: The last step of training.
      batch_size: Images in a step, for images/s.
      learning_rate: Function from the step to the learning rate.
      directory: Where the event file goes; None for none.
      stream: Where the lines go.
    """

    def __init__(
        self,
        every,
        last_step,
        batch_size,
        learning_rate,
        directory=None,
        stream=None,
    ):
        super().__init__(every, last_step)
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.stream = stream or sys.stdout
        self.last = {}
        self.writer = None
        if directory:
            self.writer = tf.summary.create_file_writer(directory)

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.since = (time.monotonic(), self.step)

    def act(self, step, logs):
        values = {name: float(value) for name, value in (logs or {}).items()}
        values["learning_rate"] = float(self.learning_rate(step - 1))
        self.last = {name: v for name, v in values.items() if name != "loss"}
        self.model.reset_metrics()
        self._print(step, self._images_per_second(step))
        self._write(step)

    def _images_per_second(self, step):
        (then, before), now = self.since, time.monotonic()
        self.since = (now, step)
        return (step - before) * self.batch_size / max(now - then, 1e-9)

    def _print(self, step, speed):
        left = (self.last_step - step) * self.batch_size / max(speed, 1e-9)
        shown = "  ".join(
            f"{name.removeprefix('train/')} {value:.4g}"
            for name, value in self.last.items()
        )
        print(
            f"step {step}/{self.last_step}  {shown}  "
            f"{speed:.0f} images/s  {_clock(left)} left",
            file=self.stream,
            flush=True,
        )

    def _write(self, step):
        if self.writer is None:
            return
        with self.writer.as_default(step=step):
            for name, value in self.last.items():
                tf.summary.scalar(name, value)
        self.writer.flush()


def _clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
