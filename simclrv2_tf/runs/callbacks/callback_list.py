"""Which callbacks a run has, and in which order they act."""

from __future__ import annotations

import functools
import io
from typing import NamedTuple

import keras

from simclrv2_tf import distribution
from simclrv2_tf.config import profiled
from simclrv2_tf.config.required import required
from simclrv2_tf.console.live_line import LiveLine
from simclrv2_tf.models.keras_models.keras_weights import RANDOM
from simclrv2_tf.runs import build
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.runs.callbacks.evaluations import Evaluations
from simclrv2_tf.runs.callbacks.health_monitor import HealthMonitor
from simclrv2_tf.runs.callbacks.health_monitor import Probe
from simclrv2_tf.runs.callbacks.learning_trend import LearningTrend
from simclrv2_tf.runs.callbacks.learning_trend import Neighbours
from simclrv2_tf.runs.callbacks.loggers import Loggers
from simclrv2_tf.runs.callbacks.loggers import make_loggers
from simclrv2_tf.runs.callbacks.profile_steps import ProfileSteps
from simclrv2_tf.runs.callbacks.report import Report
from simclrv2_tf.runs.callbacks.save_checkpoint import SaveCheckpoint
from simclrv2_tf.runs.callbacks.stops import Resume
from simclrv2_tf.runs.callbacks.stops import StopWhenAsked
from simclrv2_tf.runs.callbacks.stops import StopWhenBad
from simclrv2_tf.runs.callbacks.stops import StopWhenTakenOver
from simclrv2_tf.runs.callbacks.user_callbacks import StopWhenDone
from simclrv2_tf.runs.monitoring import divergence
from simclrv2_tf.runs.training_run import TrainingRun

PROBE = 64  # images that the health line looks at
SETTLED = 100  # steps after twice the warm-up, from where health is judged


class Callbacks(NamedTuple):
    """The callbacks of one call of `fit`.

    Attributes:
      all: In the order in which they act: the stop where the directory was
        taken over, metrics, the health line, the loggers that take both, the
        stop after too many bad steps, those that the caller gave, in their
        order, then checkpoints. What a given callback changes is in the
        checkpoint of its step.
      report: The one that has the last metrics.
      saving: The one that writes checkpoints.
      loggers: Those that take the metrics, to be closed in the end.
    """

    all: list[keras.callbacks.Callback]
    report: Report
    saving: SaveCheckpoint
    loggers: Loggers


def make_callbacks(run: TrainingRun, line: LiveLine) -> Callbacks:
    """Makes the callbacks of a run, which goes on from `run.progress`.

    Of several workers the first one alone reports; all of them take
    snapshots, which one of them writes.

    Args:
      run: A `TrainingRun`.
      line: Where the report shows the steps between its lines.
    """
    writes = distribution.is_chief()
    wait = DataWait()
    profiles = _make_profiles(run, wait) if writes else []
    # The last that may fail: behind it a tracker has begun.
    loggers = _make_loggers(run, writes)
    report = _make_report(run, loggers, wait, line, writes)
    saving = _make_saving(run, report)
    own = [
        *([StopWhenTakenOver(run.lock)] if run.lock else []),
        wait,
        Resume(functools.partial(run.progress.restore_means, run.stage)),
        report,
        *([_make_monitor(run, report, loggers)] if writes else []),
        *profiles,
        loggers,
        _make_stop_when_bad(run),
    ]
    everything = [*own, *run.callbacks, *_with_stops(run, saving)]
    return Callbacks(everything, report, saving, loggers)


def _interval(run):
    """Steps from one report to the next."""
    return run.config.train_summary_steps or run.plan.checkpoint_steps


def _make_loggers(run, writes):
    return make_loggers(
        run.config,
        _interval(run),
        run.plan.train_steps,
        run.progress.step,
        writes,
    )


def _make_saving(run, report):
    return SaveCheckpoint(
        run.plan.checkpoint_steps,
        run.plan.train_steps,
        lambda: checkpointing.snapshot(run, report.last),
        functools.partial(checkpointing.write, run),
        Evaluations(run, run.evaluate) if run.evaluate else None,
    )


def _make_stop_when_bad(run):
    explain = functools.partial(divergence.explain, run)
    return StopWhenBad(run.config.max_bad_steps, explain)


def _with_stops(run, saving):
    """The callback that saves, and those that save and end training."""
    return [
        saving,
        StopWhenDone(
            run.plan.train_steps, saving.save_end, lambda: run.ended_early
        ),
        StopWhenAsked(run.interruption, saving.save_now),
    ]


def _make_report(run, loggers, wait, line, writes):
    """The report of the steps; workers that do not write print nothing."""
    report = Report(
        _interval(run),
        run.plan.train_steps,
        run.plan.batch_size,
        build.make_schedule(run.plan),
        loggers,
        run.journal,
        wait,
        line,
        None if writes else io.StringIO(),
    )
    report.last = run.progress.last
    return report


def _make_monitor(run, report, loggers):
    return HealthMonitor(
        _interval(run),
        run.plan.train_steps,
        Probe(run.data.first_images(PROBE)),
        report,
        loggers,
        run.journal,
        settled=2 * run.plan.warmup_steps + SETTLED,
        trend=_make_trend(run) if run.config.train_mode == "pretrain" else None,
    )


def _make_profiles(run, wait):
    """The profile that `profile_steps` asks for, in a list; [] for none."""
    steps = run.config.profile_steps
    if not steps:
        return []
    first, _ = required(profiled(steps), "profile_steps")
    if not run.config.model_dir:
        raise ValueError("`profile_steps` writes into `model_dir`: give one.")
    if first > run.plan.train_steps:
        raise ValueError(
            f"`profile_steps` must be among the {run.plan.train_steps:,} "
            f"steps of training. Received: profile_steps={steps!r}"
        )
    return [ProfileSteps(run.config.model_dir, steps, wait, run.journal)]


def _from_scratch(config):
    """Whether no part of the network has weights of a training before."""
    start = config.backbone_weights
    return config.checkpoint is None and start in (None, "", RANDOM)


def _make_trend(run):
    labelled = run.data.labelled_images()
    neighbours = None if labelled is None else Neighbours(*labelled)
    return LearningTrend(
        run.plan.batch_size,
        run.journal,
        neighbours,
        from_scratch=_from_scratch(run.config),
        memory_size=run.config.memory_size,
    )
