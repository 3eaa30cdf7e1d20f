"""The parts of one training run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

import keras

from simclrv2_tf.config import Config
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.hardware.memory_check import Expected
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.plan import Plan
from simclrv2_tf.runs.resume_state import Progress
from simclrv2_tf.runs.training_data import TrainingData
from simclrv2_tf.stages.stage import Stage

# Of a network, `classes`, see `TrainingRun`, and its step: {metric: number}.
Evaluation: TypeAlias = Callable[[Network, dict, int], dict[str, float]]


@dataclasses.dataclass
class TrainingRun:
    """The parts of one run; functions of this room work on them.

    Attributes:
      config: The resolved `Config`.
      plan: Its `Plan` on these data.
      memory: The memory that it is expected to take.
      stage: The compiled `Stage`.
      data: The `TrainingData`.
      classes: What `flags.json` says of the classes' names.
      journal: The `Journal` of the run's directory.
      lock: The `Lock` of that directory; None where another worker writes.
      interruption: The `Interruption` that may end it.
      callbacks: Those that the caller gave, see `make_callbacks`.
      evaluate: An `Evaluation` at each checkpoint; None for none.
      progress: Where it is.
    """

    config: Config
    plan: Plan
    memory: Expected
    stage: Stage
    data: TrainingData
    classes: dict
    journal: Journal
    lock: Lock | None
    interruption: Interruption
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    evaluate: Evaluation | None = None
    progress: Progress = dataclasses.field(default_factory=Progress)

    @property
    def ended_early(self) -> bool:
        """Whether evaluations have been no better for `--patience`."""
        best, patience = self.progress.best, self.config.patience
        return bool(best and patience and best.waited >= patience)

    @property
    def last_step(self) -> int:
        """The plan's last step, or that at which training has ended early."""
        if self.ended_early:
            return int(self.stage.optimizer.iterations.numpy())
        return self.plan.train_steps

    @property
    def cut_from(self) -> int:
        """Steps of the longer plan that the run was stopped in, 0 for none.

        This plan ends before the step where that one was stopped.
        """
        if self.trains or self.ended_early or self._was_at_its_end:
            return 0
        flags = model_dir.read_flags(self.config.model_dir)
        planned = flags.get("planned_steps") or 0
        return planned if planned > self.progress.step else 0

    @property
    def _was_at_its_end(self) -> bool:
        """Whether a plan ended at this step, though a longer one was begun."""
        ends = [e for e in self.journal.lines() if e.get("event") == "trained"]
        return any(end.get("step") == self.progress.step for end in ends)

    @property
    def trains(self) -> bool:
        """Whether steps are left where this process began."""
        return (
            self.progress.step < self.plan.train_steps and not self.ended_early
        )
