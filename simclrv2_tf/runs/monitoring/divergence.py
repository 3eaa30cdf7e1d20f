"""The error of too many steps in a row that are not finite."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data.source import Source
from simclrv2_tf.runs import build
from simclrv2_tf.runs.training_run import TrainingRun

_NAMED = 5  # examples that the words list


@dataclasses.dataclass
class Divergence:
    """The facts of training that stops for steps that are not finite.

    Attributes:
      step: The last bad step.
      bad: How many in a row.
      learning_rate: Of that step.
      largest_norm: Of the gradients that were finite, since the last report.
      kept: Prefix of the newest checkpoint, None for none.
      examples: int (batch,), numbers of the last step's examples.
    """

    step: int
    bad: int
    learning_rate: float
    largest_norm: float
    kept: str | None
    examples: np.ndarray

    def as_json(self) -> dict:
        """Dictionary for the journal, with all examples."""
        values = dataclasses.asdict(self)
        return {**values, "examples": [int(i) for i in self.examples]}

    def words(self, source: Source) -> str:
        """What happened, where, and what to try.

        Args:
          source: The `Source`, which names examples.
        """
        named = [source.where(i) for i in self.examples[:_NAMED]]
        others = len(self.examples) - len(named)
        return (
            f"Training stops at step {self.step}: in {self.bad} steps in a "
            f"row ({self.step - self.bad + 1} to {self.step}) the loss or "
            "the gradient was not finite, and none of them was applied. "
            f"Learning rate {self.learning_rate:.4g}; largest gradient norm "
            f"since the last report {self.largest_norm:.4g}; the last batch "
            f"held {', '.join(named)} and {others} others, listed in "
            f"events.jsonl. {self._checkpoint()} Try a lower --learning_rate "
            "or a longer --warmup_epochs; --rollback passes over these "
            "batches."
        )

    def _checkpoint(self):
        if self.kept is None:
            return "There is no checkpoint yet."
        return f"The checkpoint {os.path.basename(self.kept)} is untouched."


def explain(run: TrainingRun, step: int, bad: int) -> str:
    """Writes a `Divergence` into the journal; returns it in words.

    Args:
      run: A `TrainingRun`.
      step: The last bad step.
      bad: How many in a row.
    """
    plan, offset = run.plan, run.progress.skipped_batches
    divergence = Divergence(
        step=step,
        bad=bad,
        learning_rate=float(build.make_schedule(plan)(step - 1)),
        largest_norm=float(run.stage.nonfinite.largest.numpy()),
        kept=run_directory.latest(run.config.model_dir),
        examples=run.data.examples_of_batch(plan.batch_size, step - 1 + offset),
    )
    run.journal.note("diverged", **divergence.as_json())
    return divergence.words(run.data.source)
