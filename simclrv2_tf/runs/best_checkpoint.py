"""The best evaluation of a run so far, and the file that names it."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

import tensorflow as tf

from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.files.run_files import checkpoint_name

FILE = "best_checkpoint.json"
LOWER_IS_BETTER = ("expected_calibration_error",)


@dataclasses.dataclass(frozen=True)
class Best:
    """The best evaluation, and how many there were since.

    Attributes:
      metric: What is compared.
      value: Of the best evaluation.
      step: Whose checkpoint it is.
      waited: Evaluations since then, none of which was better.
      measured_on: What it was evaluated on, see `checkpoint_comparison`; None
        where that is not known, as in runs of earlier versions.
    """

    metric: str
    value: float
    step: int
    waited: int = 0
    measured_on: dict[str, Any] | None = None

    def is_beaten_by(self, value: float) -> bool:
        """Whether a value is better; one that is as good is not."""
        if self.metric in LOWER_IS_BETTER:
            return value < self.value
        return value > self.value


def after(best: Best | None, new: Best) -> Best:
    """The best evaluation, after one more.

    Args:
      best: That before; None for none. That of another metric counts for none.
      new: The one more.
    """
    if (
        best is None
        or best.metric != new.metric
        or best.is_beaten_by(new.value)
    ):
        return new
    return dataclasses.replace(
        best, waited=best.waited + 1, measured_on=new.measured_on
    )


def write(directory: str, best: Best) -> None:
    """Writes the file that names a run's best checkpoint."""
    values = {
        "metric": best.metric,
        "value": best.value,
        "step": best.step,
        "checkpoint": checkpoint_name(best.step),
    }
    write_json(os.path.join(directory, FILE), values)


def read(directory: str | None) -> Best | None:
    """A run's best evaluation as its file names it, None if none is named.

    Raises:
      ValueError: If the file is there and names none.
    """
    path = os.path.join(directory or "", FILE)
    if not directory or not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        try:
            values = json.loads(file.read())
            step = int(values["step"])
            return Best(values["metric"], values["value"], step)
        except (ValueError, TypeError, KeyError):
            raise ValueError(
                f"The file {path!r} must name a run's best checkpoint as JSON, "
                "and does not: restore it, or leave --export_best out."
            ) from None
