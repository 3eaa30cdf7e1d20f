"""The steps of a run: from where it is to its end, or to a clean stop."""

from __future__ import annotations

import collections
import logging

from simclrv2_tf import distribution
from simclrv2_tf.console.live_line import LiveLine
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs.callbacks.callback_list import make_callbacks
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.training_run import TrainingRun

MOST_ROLLBACKS = 3  # from one checkpoint; then something else is wrong
_LOG = logging.getLogger("simclrv2_tf")


def fit(run: TrainingRun) -> None:
    """Trains the steps that are left; `run.progress` has the last metrics.

    Raises:
      Diverged: After too many bad steps, and rollbacks if asked for.
      Preempted: If asked to stop; the checkpoint is written.
      ValueError: If data cannot be read or the end cannot be written.
    """
    if run.config.rollback and not run.progress.step:
        first = checkpointing.snapshot(run, run.progress.last)
        checkpointing.write(run, 0, first)
    rollbacks: collections.Counter[int] = collections.Counter()
    with run.interruption.deferred():
        while run.trains:
            try:
                _fit_steps(run)
                break
            except Diverged as error:
                _roll_back(run, error, rollbacks)
    if distribution.any_worker(run.interruption.reason is not None):
        raise run.interruption.preempted()


def _fit_steps(run):
    """One call of Keras's `fit`, from the run's step to its last."""
    line = LiveLine(wanted=distribution.is_chief())
    with run.data.unreadable.explained(), line:
        callbacks, finished = make_callbacks(run, line), False
        try:
            _fit(run, callbacks.all)
            finished = True
        except Diverged:
            callbacks.saving.wait()
            distribution.wait_for_workers()
            raise
        except Exception:  # of a callback, perhaps: the call may come again
            callbacks.saving.wait()
            raise
        finally:
            callbacks.loggers.close(finished)
    run.progress.last = callbacks.report.last


def _fit(run, callbacks):
    steps = run.plan.train_steps - run.progress.step
    first = run.progress.step + run.progress.skipped_batches
    run.stage.fit(
        run.data.batches(run.plan.batch_size, first, steps),
        epochs=1,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )


def _roll_back(run, error, rollbacks):
    """Goes back to the last checkpoint and passes over what came since."""
    prefix = checkpointing.newest_of_chief(run.config.model_dir)
    if not run.config.rollback or prefix is None:
        raise error
    rollbacks[prefix] += 1
    if rollbacks[prefix] > MOST_ROLLBACKS:
        raise error
    next_batch = error.step + run.progress.skipped_batches
    _restart(run, prefix, next_batch)
    _LOG.warning("%s", error)
    _LOG.warning(
        "rolled back to step %d; the next batch is number %d",
        run.progress.step,
        next_batch,
    )
    run.journal.note(
        "rollback",
        step=run.progress.step,
        skipped_batches=run.progress.skipped_batches,
    )


def _restart(run, prefix, next_batch):
    """The run as its checkpoint has it, with means and counts anew."""
    run.progress = checkpointing.restore(run.stage, prefix)
    run.progress.means = None
    run.progress.guard = None
    run.stage.nonfinite.in_a_row.assign(0)
    run.progress.skipped_batches = next_batch - run.progress.step
