"""Evaluations while training goes on: which was the best, when to stop."""

from __future__ import annotations

import logging

from simclrv2_tf import distribution
from simclrv2_tf.runs import best_checkpoint
from simclrv2_tf.runs import checkpoint_comparison
from simclrv2_tf.runs.training_run import Evaluation
from simclrv2_tf.runs.training_run import TrainingRun

USUAL_METRIC = checkpoint_comparison.USUAL_METRIC
_LOG = logging.getLogger("simclrv2_tf")


class Evaluations:
    """Evaluates a run at each of its planned checkpoints.

    The best is noted in `run.progress`, so that the checkpoint holds it and a
    run that goes on has it. All workers call this together and get the same
    metrics.

    Args:
      run: A `TrainingRun`.
      evaluate: Its `Evaluation`.
    """

    def __init__(self, run: TrainingRun, evaluate: Evaluation):
        self._run = run
        self._evaluate = evaluate
        self._metric = checkpoint_comparison.metric_of(run)
        self._on = checkpoint_comparison.measured_on(run)

    def __call__(self, step: int) -> bool:
        """Evaluates; returns whether training goes on."""
        run = self._run
        metrics = self._evaluate(_judged(run), run.classes, step)
        new = best_checkpoint.Best(
            self._metric, metrics[self._metric], step, measured_on=self._on
        )
        best = best_checkpoint.after(self._best_that_counts(), new)
        run.progress.best = best
        run.journal.note(
            "evaluation", step=step, metrics=metrics, best_step=best.step
        )
        if distribution.is_chief():
            self._tell(step, metrics[self._metric], best)
        return not run.ended_early

    def _best_that_counts(self):
        """The best so far; None where it cannot be compared any more."""
        best = self._run.progress.best
        if best is None:
            return None
        counts = checkpoint_comparison.counts(best, self._metric, self._on)
        return best if distribution.from_chief(counts) else None

    def _tell(self, step, value, best):
        known = "the best so far"
        if best.waited:
            known = f"best {best.value:.6g} at step {best.step}"
        print(f"step {step}  {self._metric} {value:.6g}, {known}", flush=True)
        if self._run.ended_early:
            _LOG.warning(
                "%s is no better after %d evaluations (--patience): training "
                "ends here",
                self._metric,
                best.waited,
            )


def _judged(run):
    """The network whose checkpoints are compared: what will be exported."""
    averages = checkpoint_comparison.judges_average(run)
    return run.stage.average.network if averages else run.stage.network
