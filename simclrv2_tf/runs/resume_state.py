"""The state of a run beside weights and slots, kept as JSON."""

from __future__ import annotations

import dataclasses
import logging

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.hub import earlier_constants
from simclrv2_tf.runs.best_checkpoint import Best
from simclrv2_tf.stages.stage import Stage

_LOG = logging.getLogger("simclrv2_tf")


@dataclasses.dataclass
class Progress:
    """Where a run is.

    Attributes:
      step: Where this process began; the checkpoint's name tells it.
      skipped_batches: Batches that a rollback has passed over: step s takes
        the batch s + skipped_batches.
      last: Metrics of the last report.
      means: Values of the metrics' variables, in the middle of a report's
        interval; None where they begin anew.
      guard: Values of the variables of `NonfiniteSteps`, under the name that
        checkpoints have for them.
      unreadable: Numbers of the examples that could not be read so far; of
        several workers those of the first.
      best: The best evaluation so far; None where nothing is evaluated.
    """

    step: int = 0
    skipped_batches: int = 0
    last: dict[str, float] = dataclasses.field(default_factory=dict)
    means: list[float] | None = None
    guard: list[float] | None = None
    unreadable: list[int] = dataclasses.field(default_factory=list)
    best: Best | None = None

    def note(self, stage: Stage, last: dict[str, float]) -> dict:
        """Notes the stage's means and counts; returns all of it for JSON."""
        self.last = last
        self.means = _values(_mean_variables(stage))
        self.guard = _values(stage.nonfinite.variables)
        values = dataclasses.asdict(self)
        del values["step"]
        for name in ("unreadable", "best"):
            if not values[name]:  # files of runs without stay as they were
                del values[name]
        return {**values, **earlier_constants.mark(stage.network)}

    def restore_nonfinite(self, stage: Stage) -> None:
        """Assigns the variables of `NonfiniteSteps`."""
        _assign(stage.nonfinite.variables, self.guard)

    def restore_means(self, stage: Stage) -> None:
        """Goes on with the means where the report's interval was left."""
        replicas = distribution.num_replicas()  # which share what is assigned
        means = self.means and [replicas * value for value in self.means]
        _assign(_mean_variables(stage), means)
        self.means = None


def from_json(values: dict, step: int) -> Progress:
    """The progress that a checkpoint of a step holds, a new one for {}."""
    known = {field.name for field in dataclasses.fields(Progress)}
    kept = {name: v for name, v in values.items() if name in known}
    if "best" in kept:
        kept["best"] = Best(**kept["best"])
    return Progress(**{**kept, "step": step})


def _mean_variables(stage):
    return [v for metric in stage.metrics for v in metric.variables]


def _values(variables):
    """The values on this process's first replica, equal on all others.

    A metric's variable would be added up over the replicas when read as a
    whole, which asks every worker to read it at the same time.
    """
    strategy = tf.distribute.get_strategy()
    local = [strategy.experimental_local_results(v.value)[0] for v in variables]
    return [value.numpy().item() for value in local]


def _assign(variables, values):
    if values is None or len(values) != len(variables):
        return  # of a run with other metrics; they begin anew
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
