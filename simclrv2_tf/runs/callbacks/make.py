"""Which callbacks a run has, and what they are told."""

import functools
import io

from simclrv2_tf import distribution
from simclrv2_tf.runs import build
from simclrv2_tf.runs import health
from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.runs.callbacks.health_monitor import Probe
from simclrv2_tf.runs.callbacks.health_monitor import Watch
from simclrv2_tf.runs.callbacks.report import Report
from simclrv2_tf.runs.callbacks.report import Scalars
from simclrv2_tf.runs.callbacks.save_checkpoint import SaveCheckpoint
from simclrv2_tf.runs.callbacks.stops import Resume
from simclrv2_tf.runs.callbacks.stops import StopWhenAsked
from simclrv2_tf.runs.callbacks.stops import StopWhenBad

PROBE = 64  # images that the health line looks at
SETTLED = 100  # steps after twice the warm-up, from where health is judged


class Surroundings:
    """The callbacks of one call of `fit`, in the order in which they act.

    Of several workers the first one alone reports; all of them take
    snapshots, which one of them writes.

    Args:
      run: A `Run`.

    Attributes:
      report: The one that holds the last metrics.
      saving: The one that writes checkpoints.
      callbacks: All of them.
    """

    def __init__(self, run):
        plan = run.plan
        writes = distribution.is_chief()
        scalars = Scalars(run.config.model_dir if writes else None)
        wait = DataWait()
        every = run.config.train_summary_steps or plan.checkpoint_steps
        self.report = Report(
            every,
            plan.train_steps,
            plan.batch_size,
            build.make_schedule(plan),
            scalars,
            run.journal,
            wait,
            None if writes else io.StringIO(),
        )
        self.report.last = run.progress.last
        self.saving = SaveCheckpoint(
            plan.checkpoint_steps, plan.train_steps, run.snapshot, run.write
        )
        self.callbacks = [
            wait,
            Resume(functools.partial(run.progress.restore_means, run.stage)),
            self.report,
            *([self._watch(run, every, scalars)] if writes else []),
            StopWhenBad(run.config.max_bad_steps, run.diverged),
            self.saving,
            StopWhenAsked(run.interruption, self.saving.save_now),
        ]

    def _watch(self, run, every, scalars):
        contrastive = run.config.train_mode == "pretrain"
        return Watch(
            every,
            run.plan.train_steps,
            make_probe(run),
            self.report,
            scalars,
            run.journal,
            settled=2 * run.plan.warmup_steps + SETTLED,
            loss="train/contrast_loss" if contrastive else None,
            chance=health.chance_loss(run.plan.batch_size),
        )


def make_probe(run):
    """The first images of training, the same whenever it goes on."""
    data = run.dataset(min(PROBE, run.source.num_examples))
    views, _ = next(iter(data.take(1)))
    return Probe(views if run.views > 1 else [views])
