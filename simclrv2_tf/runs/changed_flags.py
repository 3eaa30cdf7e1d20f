"""Warnings of flags that are not those that a run had before."""

from __future__ import annotations

import dataclasses
import logging

from simclrv2_tf import optimizers
from simclrv2_tf.runs import begun_with
from simclrv2_tf.runs import build
from simclrv2_tf.runs import checkpoint_comparison
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.training_run import TrainingRun

_LOG = logging.getLogger("simclrv2_tf")


def warn(run: TrainingRun) -> None:
    """Warns of what a run that goes on, or has ended, is given anew.

    Args:
      run: A `TrainingRun` whose `flags.json` is that of the calls before.
    """
    _warn_of_start(run)
    if run.trains:
        _warn_of_changes(run)
        checkpoint_comparison.warn_if_changed(run)
        return
    _warn_of_unused(run)
    if run.cut_from:
        _warn_of_cut(run)


def _warn_of_start(run):
    """Of other weights than those that the run began with."""
    if unused := begun_with.unused(run.config):
        _LOG.warning(
            "NOT USED, as the run goes on from its own checkpoint of step %d: "
            "%s. Give another --model_dir to begin with that.",
            run.progress.step,
            ", ".join(unused),
        )


def _warn_of_changes(run):
    if not run.progress.step:
        return
    changes = [*model_dir.changed(run.config), *_other_length(run)]
    if changes:
        _LOG.warning(
            "THE FLAGS HAVE CHANGED since step %d: %s. The run goes on, but "
            "is no longer the one that it was.",
            run.progress.step,
            ", ".join(changes),
        )


def _other_length(run):
    """What other steps in all do to the rate of the next one, in a list."""
    before, plan = model_dir.read_flags(run.config.model_dir), run.plan
    if "train_epochs" not in before:
        return []
    steps = before.get("train_steps") or optimizers.train_steps(
        plan.examples, plan.batch_size, before["train_epochs"]
    )
    if steps == plan.train_steps:
        return []
    words = f"{plan.train_steps:,} steps in all (were {steps:,})"
    if steps <= plan.warmup_steps:  # with other data or another batch
        return [words]
    plans = (dataclasses.replace(plan, train_steps=steps), plan)
    was, now = (
        float(build.make_schedule(each)(run.progress.step)) for each in plans
    )
    rates = f"so that the learning rate goes from {was:.3g} to {now:.3g}"
    return [f"{words}, {rates}"]


def _warn_of_unused(run):
    """Of flags of training, given where no step is left to train."""
    unused = model_dir.unused(run.config)
    if unused:
        had, given = (", ".join(each) for each in zip(*unused, strict=True))
        _LOG.warning(
            "NOTHING IS TRAINED: the run in %s is trained to step %d with %s. "
            "Received: %s; give another --model_dir to train with that.",
            run.config.model_dir,
            run.progress.step,
            had,
            given,
        )


def _warn_of_cut(run):
    _LOG.warning(
        "THE FLAGS HAVE CHANGED: the run's plan had %s steps, was stopped at "
        "step %s, and has %s now. Nothing more is trained, and the learning "
        "rate has not come down to 0. Give the former --train_epochs or "
        "--train_steps to train to the end.",
        f"{run.cut_from:,}",
        f"{run.progress.step:,}",
        f"{run.plan.train_steps:,}",
    )
