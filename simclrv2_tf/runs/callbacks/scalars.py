"""Scalars and pictures for TensorBoard."""

from __future__ import annotations

import logging
from collections.abc import Callable

import tensorflow as tf

from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.event_files import keep_events

VIEWS = "views"  # the picture that is shown where training goes on
_LOG = logging.getLogger("simclrv2_tf")


class Scalars:
    """Writes TensorBoard events; what fails is said once and ends nothing.

    Points that an earlier process, or a stretch that was rolled back, wrote
    beyond the step from which training goes on are dropped: they come again.

    Args:
      directory: Where the event file goes; None for nowhere.
      step: The step from which training goes on.
    """

    def __init__(self, directory: str | None, step: int = 0):
        self._directory = directory
        self._step = step
        self._writer: tf.summary.SummaryWriter | None = None
        self._failed = False

    def __call__(self, step: int, values: dict[str, float]) -> None:
        self.write(
            lambda: [tf.summary.scalar(n, v) for n, v in values.items()], step
        )

    def write(self, summaries: Callable, step: int) -> None:
        """Calls a function that makes `tf.summary`s of a step."""
        if not self._directory:
            return
        try:
            writer = self._opened(self._directory)
            with writer.as_default(step=step):
                summaries()
            writer.flush()
        except (tf.errors.OpError, OSError, ValueError) as error:
            if not self._failed:
                _LOG.warning(
                    "TensorBoard events cannot be written: %s",
                    first_line(error),
                )
            self._failed = True

    def _opened(self, directory):
        if self._writer is None:
            keep_events(directory, self._stays)
            self._writer = tf.summary.create_file_writer(directory)
        return self._writer

    def _stays(self, event):
        """Whether a point is not made again; views are where one goes on."""
        tags = [value.tag for value in event.summary.value]
        return event.step < self._step + (VIEWS not in tags)
