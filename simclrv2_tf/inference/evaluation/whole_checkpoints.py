"""The checkpoints of a run that is followed while it is trained."""

from __future__ import annotations

import logging
from collections.abc import Hashable

import tensorflow as tf

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.runs.weights_of_chief import of_chief

_LOG = logging.getLogger("simclrv2_tf")


class WholeCheckpoints:
    """Finds a run's newest checkpoint whose files are whole.

    All files of a checkpoint are read once, and again where it is written
    anew.

    Args:
      directory: Of the run.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._whole: dict[Hashable, bool] = {}

    def newest(self) -> str | None:
        """Its prefix, None where there is none; a damaged one is not there.

        Of several workers each must call this; all get the first one's, or
        None until all see it.
        """
        return of_chief(
            self._directory, self._seen(), self._is_whole, wait=True
        )

    def _seen(self):
        """The newest that this worker sees."""
        steps = run_directory.steps(self._directory)
        if not steps:
            return run_directory.latest(self._directory)
        prefixes = (
            run_directory.prefix_of(self._directory, step)
            for step in reversed(steps)
        )
        return next(filter(self._is_whole, prefixes), None)

    def _is_whole(self, prefix):
        written = _written(prefix)
        if written is None:  # deleted since, as older ones are
            return False
        key = (prefix, written)
        if key not in self._whole:
            self._whole[key] = _verified(prefix)
        return self._whole[key]


def _written(prefix):
    """When a checkpoint was written, None for one that is gone."""
    try:
        return tf.io.gfile.stat(f"{prefix}.index").mtime_nsec
    except tf.errors.OpError:
        return None


def _verified(prefix):
    """Whether its files are whole; the log says what is wrong with them."""
    reason = run_directory.verify(prefix)
    if reason is not None and tf.io.gfile.exists(f"{prefix}.index"):
        _LOG.warning("%s is damaged and passed over: %s", prefix, reason)
    return reason is None
