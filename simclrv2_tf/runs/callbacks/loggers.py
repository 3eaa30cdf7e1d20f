"""The loggers of training metrics: TensorBoard, a CSV file, trackers."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import Protocol

from simclrv2_tf.config import Config
from simclrv2_tf.config.logger_names import CSV
from simclrv2_tf.config.logger_names import MLFLOW
from simclrv2_tf.config.logger_names import TENSORBOARD
from simclrv2_tf.config.logger_names import WANDB
from simclrv2_tf.config.logger_names import all_loggers
from simclrv2_tf.config.logger_names import loggers
from simclrv2_tf.files.credentials import without_credentials
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.machine.extras import check_extra
from simclrv2_tf.runs.callbacks.csv_log import CsvLog
from simclrv2_tf.runs.callbacks.every_step import EveryFew
from simclrv2_tf.runs.callbacks.mlflow_log import MlflowLog
from simclrv2_tf.runs.callbacks.scalars import Scalars
from simclrv2_tf.runs.callbacks.wandb_log import WandbLog

_LOG = logging.getLogger("simclrv2_tf")
_TRACKERS = {WANDB: WandbLog, MLFLOW: MlflowLog}


class Logger(Protocol):
    """Takes rows of metrics."""

    def log(self, step: int, values: dict[str, float]) -> None:
        """Takes the row of a step; each step comes once, in order."""

    def close(self, finished: bool) -> None:
        """Ends; `finished` unless training was stopped."""


def check_installed(config: Config) -> None:
    """Raises a ValueError, before anything is done, if a package is missing."""
    for name in all_loggers(config):
        if name in _TRACKERS:
            check_extra(name, name, f"--logger={name}")


class Loggers(EveryFew):
    """Collects the metrics of the callbacks before it, and logs them as a row.

    A logger that fails says so once and ends nothing.

    Args:
      every: Steps from one row to the next.
      last_step: The last step of training.
      scalars: For TensorBoard, which takes points and pictures as they come.
      rows: {name: Logger}.
    """

    def __init__(
        self,
        every: int,
        last_step: int,
        scalars: Scalars,
        rows: dict[str, Logger],
    ):
        super().__init__(every, last_step)
        self._scalars = scalars
        self._rows = rows
        self._failed: set[str] = set()
        self._row: dict[str, float] = {}

    def __call__(self, step: int, values: dict[str, float]) -> None:
        """Takes numbers of a step."""
        self._scalars(step, values)
        self._row |= {name: float(value) for name, value in values.items()}

    def write(self, summaries: Callable, step: int) -> None:
        """Calls a function that makes `tf.summary`s, for TensorBoard alone."""
        self._scalars.write(summaries, step)

    def act_now(self, step: int, logs: dict | None) -> None:
        row, self._row = self._row, {}
        for name, logger in self._rows.items():
            self._tell(name, logger.log, step, row)

    def close(self, finished: bool) -> None:
        """Closes all loggers, once."""
        for name, logger in self._rows.items():
            self._tell(name, logger.close, finished)
        self._rows = {}

    def _tell(self, name, function, *given):
        try:
            function(*given)
        except Exception as error:
            if name not in self._failed:
                _LOG.warning(
                    "--logger=%s fails, training goes on: %s",
                    name,
                    _message_of(error),
                )
            self._failed.add(name)


def _message_of(error):
    return without_credentials(first_line(error))


def make_loggers(
    config: Config, every: int, last_step: int, step: int, writes: bool
) -> Loggers:
    """The loggers of a run that goes on from a step.

    Args:
      config: A resolved `Config`.
      every: Steps from one row to the next.
      last_step: The last step of training.
      step: The step from which training goes on.
      writes: Whether this worker logs.

    Raises:
      ValueError: If a tracker does not let it begin.
    """
    names = loggers(config) if writes else ()
    directory = config.model_dir if TENSORBOARD in names else None
    rows: dict[str, Logger] = {}
    if CSV in names:
        rows[CSV] = CsvLog(config.directory, step)
    for name in names:
        if name in _TRACKERS:
            rows[name] = _begun(name, config)
    return Loggers(every, last_step, Scalars(directory, step), rows)


def _begun(name, config):
    try:
        return _TRACKERS[name](config.model_dir, dataclasses.asdict(config))
    except Exception as error:
        raise ValueError(
            f"--logger={name} cannot begin: {_message_of(error)}. Sign in, "
            "work offline as its documentation says, or leave it out."
        ) from None
