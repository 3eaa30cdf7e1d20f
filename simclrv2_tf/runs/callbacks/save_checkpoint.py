"""Checkpoints while training goes on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from simclrv2_tf.files.lock import TakenOver
from simclrv2_tf.runs.callbacks.every_step import EveryFew

PATIENCE_SECONDS = 10.0  # for the checkpoint before, when the next is due
STOP_SECONDS = 25.0  # for that of this step, when asked to stop
_LOG = logging.getLogger("simclrv2_tf")


class BackgroundWriter:
    """Writes one snapshot at a time in a thread of its own.

    Args:
      write: Function (step, snapshot) that writes it or raises.
    """

    def __init__(self, write: Callable[[int, dict], None]):
        self._write = write
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def start(self, step: int, snapshot: dict) -> None:
        """Begins to write; the one before must be done."""
        self._error = None
        thread = threading.Thread(
            target=self._run, args=(step, snapshot), daemon=True
        )
        self._thread = thread
        thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the one being written; returns whether it is done."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def error(self) -> Exception | None:
        """What the last one failed with, None if it did not."""
        return self._error

    def _run(self, step, snapshot):
        try:
            self._write(step, snapshot)
        except Exception as error:  # a thread's errors are seen by nobody
            self._error = error


class SaveCheckpoint(EveryFew):
    """Saves every `every` steps and at the end, in the background.

    A checkpoint that cannot be written is reported, and tried again at the
    next interval; the last one is tried twice and then an error. `TakenOver`
    ends training instead. Nothing is saved between steps that were taken back:
    the last good one stays.

    Args:
      every: Steps from one checkpoint to the next.
      last_step: The last step of training.
      snapshot: Function without arguments to what is written.
      write: Function (step, snapshot) that writes it or raises a ValueError.
      evaluate: Function from the step of a checkpoint that is due, before it
        is taken, to whether training goes on; None for none. Such a
        checkpoint is not left out where the one before takes long, and
        neither is the last one.
    """

    def __init__(
        self,
        every: int,
        last_step: int,
        snapshot: Callable[[], dict],
        write: Callable[[int, dict], None],
        evaluate: Callable[[int], bool] | None = None,
    ):
        super().__init__(every, last_step)
        self._evaluate = evaluate
        self._snapshot = snapshot
        self._writer = BackgroundWriter(write)
        self._saved = None

    def act_now(self, step: int, logs: dict | None) -> None:
        if (
            int(self.model.nonfinite.in_a_row.numpy())
            and step != self.last_step
        ):
            return
        if not self._writer.wait(self._patience(step)):
            _LOG.error(
                "step %d: the checkpoint before is still being written, the "
                "storage is slow; this one is left out",
                step,
            )
            return
        self._report()
        if self._evaluate and not self._evaluate(step):
            self.model.stop_training = True
        self._start(step)

    def _patience(self, step):
        """Seconds for the checkpoint before, None for as long as it takes."""
        is_left_out = self._evaluate is None and step != self.last_step
        return PATIENCE_SECONDS if is_left_out else None

    def _start(self, step):
        self._saved = step
        self._writer.start(step, self._snapshot())

    def _failure(self):
        """What the last one failed with, None if it did not.

        Raises:
          TakenOver: If it was that, which nothing may try again.
        """
        error = self._writer.error
        if isinstance(error, TakenOver):
            raise error
        return error

    def _report(self):
        error = self._failure()
        if error is not None:
            _LOG.error(
                "NO CHECKPOINT of step %d: %s Training goes on, and tries "
                "again at the next interval.",
                self._saved,
                error,
            )

    def wait(self) -> None:
        """Waits for the one being written, whatever comes of it."""
        self._writer.wait()

    def on_train_end(self, logs: dict | None = None) -> None:
        self.finish()

    def finish(self) -> None:
        """Waits for the last checkpoint, and tries it once more.

        Raises:
          ValueError: If it could not be written.
          TakenOver: If another process has the directory.
        """
        self._writer.wait()
        if self._saved is None or self._writer.error is None:
            return
        self._report()
        time.sleep(1.0)
        self._start(self._saved)
        self._writer.wait()
        error = self._failure()
        if error is not None:
            raise ValueError(
                f"The checkpoint of step {self._saved} could not be written, "
                "and what was trained since the one before is lost: "
                f"{error} Mend that and give the same command."
            )

    def save_now(self, step: int) -> bool:
        """Saves because the run is asked to stop.

        Returns:
          Whether the checkpoint of this step is there.

        Raises:
          TakenOver: If another process has the directory.
        """
        return self._save(step, time.monotonic() + STOP_SECONDS)

    def save_end(self, step: int) -> bool:
        """`save_now` where training ends here, with all the time it takes."""
        return self._save(step, None)

    def _save(self, step, deadline):
        if self._writer.wait(_left(deadline)) and self._saved != step:
            self._report()
            self._start(step)
        done = self._writer.wait(_left(deadline))
        return done and self._failure() is None and self._saved == step


def _left(deadline):
    """Seconds until then; None for no end."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())
