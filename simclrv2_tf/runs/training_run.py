"""What one training run consists of."""

from __future__ import annotations

import dataclasses

import keras

from simclrv2_tf.config import Config
from simclrv2_tf.runs.inputs import TrainingData
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.lock import Lock
from simclrv2_tf.runs.memory_check import Expected
from simclrv2_tf.runs.plan import Plan
from simclrv2_tf.runs.resume_state import Progress
from simclrv2_tf.stages.stage import Stage


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
    progress: Progress = dataclasses.field(default_factory=Progress)
