"""Metrics for MLflow: one run there, however often resumed."""

from __future__ import annotations

import math
import os
import time
from typing import Any

from simclrv2_tf.files.credentials import public_values
from simclrv2_tf.machine.extras import load_extra
from simclrv2_tf.runs.callbacks import tracker_ids

NAME = "mlflow"
_EXPERIMENT = "simclrv2_tf"
_LENGTH = 500  # signs of a parameter that every version takes
_EVERY = "learning_rate"  # a metric that each step has


class MlflowLog:
    """Logs to the run that the directory has there.

    Its own environment variables say where that is and who signs in
    (`MLFLOW_TRACKING_URI`, `MLFLOW_EXPERIMENT_NAME`); without them it is a
    file in the current directory.

    Args:
      directory: Of the run.
      options: {name: value} of the config, which are kept without secrets.
    """

    def __init__(self, directory: str, options: dict[str, Any]):
        mlflow = load_extra(NAME, NAME, "--logger=mlflow")
        self._entities = mlflow.entities
        self._client = mlflow.MlflowClient()
        known_as = tracker_ids.read_id(directory, NAME)
        self._last = 0
        if known_as and self._is_there(known_as, mlflow.MlflowException):
            self._id = known_as
            self._go_on()
            return
        self._id = self._begin(directory, options)
        tracker_ids.keep_id(directory, NAME, self._id)

    def _is_there(self, known_as, missing):
        try:
            run = self._client.get_run(known_as)
        except missing:
            return False
        return run.info.lifecycle_stage == "active"  # others were deleted

    def _go_on(self):
        points = self._client.get_metric_history(self._id, _EVERY)
        self._last = max((point.step for point in points), default=0)
        self._client.update_run(self._id, status="RUNNING")

    def _begin(self, directory, options):
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or _EXPERIMENT
        experiment = self._client.get_experiment_by_name(name)
        place = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(name)
        )
        title = os.path.basename(os.path.abspath(directory))
        run = self._client.create_run(place, run_name=title)
        params = [
            self._entities.Param(key, str(value)[:_LENGTH])
            for key, value in public_values(options).items()
        ]
        for first in range(0, len(params), 100):  # as many as a request may
            part = params[first : first + 100]
            self._client.log_batch(run.info.run_id, params=part)
        return run.info.run_id

    def log(self, step: int, values: dict[str, float]) -> None:
        """Logs a step, unless it was logged before a stop."""
        if step <= self._last:
            return
        now = int(1000 * time.time())
        metrics = [
            self._entities.Metric(name, value, now, step)
            for name, value in values.items()
            if math.isfinite(value)
        ]
        self._client.log_batch(self._id, metrics=metrics)

    def close(self, finished: bool) -> None:
        """Ends it; the same command goes on with one that was stopped."""
        status = "FINISHED" if finished else "KILLED"
        self._client.set_terminated(self._id, status)
