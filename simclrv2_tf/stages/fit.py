"""The steps of a run: from where it is to its end, or to a clean stop."""

import functools
import logging

import tensorflow as tf

from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data import pipeline
from simclrv2_tf.stages import build
from simclrv2_tf.stages import divergence
from simclrv2_tf.stages import health
from simclrv2_tf.stages import progress as progresses
from simclrv2_tf.stages import projector
from simclrv2_tf.stages.callbacks.checkpoints import SaveCheckpoint
from simclrv2_tf.stages.callbacks.data_wait import DataWait
from simclrv2_tf.stages.callbacks.report import Report
from simclrv2_tf.stages.callbacks.report import Scalars
from simclrv2_tf.stages.callbacks.stops import Diverged
from simclrv2_tf.stages.callbacks.stops import Resume
from simclrv2_tf.stages.callbacks.stops import StopWhenAsked
from simclrv2_tf.stages.callbacks.stops import StopWhenBad
from simclrv2_tf.stages.callbacks.watch import Probe
from simclrv2_tf.stages.callbacks.watch import Watch

MOST_ROLLBACKS = 3  # from one checkpoint; then something else is wrong
PROBE = 64  # images that the health line looks at
_LOG = logging.getLogger("simclrv2_tf")


class Run:
    """One run, with what its steps need.

    Args:
      config: A `Config`.
      plan: Its `Plan`.
      stage: The compiled `Stage`.
      source: The `Source` it trains on.
      journal: A `Journal`.
      write: Function (step, snapshot) that writes a checkpoint.
      interruption: An `Interruption`.
    """

    def __init__(
        self, config, plan, stage, source, journal, write, interruption
    ):
        self.config = config
        self.plan = plan
        self.stage = stage
        self.source = source
        self.journal = journal
        self.interruption = interruption
        self._write = write
        self.progress = progresses.Progress()
        self.report = None

    @property
    def views(self):
        return 2 if self.config.train_mode == "pretrain" else 1

    def restore(self, prefix):
        """Brings back weights, slots and progress of a checkpoint."""
        stage = self.stage
        assign.assign_strict(
            stage.network.named_variables(), run_directory.read(prefix)
        )
        slots = {str(i): v for i, v in enumerate(stage.optimizer.variables)}
        assign.assign_strict(slots, run_directory.read_optimizer(prefix))
        self.progress = progresses.from_json(
            run_directory.read_progress(prefix), run_directory.step_of(prefix)
        )
        self.progress.restore_guard(stage)

    def to_the_end(self):
        """Trains the steps that are left; returns the last metrics.

        Raises:
          Diverged: After too many bad steps, and rollbacks if asked for.
          Preempted: If asked to stop; the checkpoint is written.
          ValueError: If data cannot be read or the end cannot be written.
        """
        if self.config.rollback and not self.progress.step:
            self._write(0, self.snapshot())
        with self.interruption.deferred():
            rollbacks = {}
            while self.progress.step < self.plan.train_steps:
                try:
                    self._fit()
                    break
                except Diverged as error:
                    self._roll_back(error, rollbacks)
        if self.interruption.reason is not None:
            raise self.interruption.preempted()
        if self.report or not projector.exists(self.config.model_dir):
            self._project()
        return self.report.last if self.report else self.progress.last

    def _project(self):
        """Features for TensorBoard; a run does not fail for want of them."""
        try:
            projector.write(
                self.config.model_dir, self.stage.network, self.source
            )
        except (tf.errors.OpError, OSError) as error:
            _LOG.warning("no embedding projector: %s", error)

    def snapshot(self):
        last = self.report.last if self.report else self.progress.last
        return run_directory.snapshot(
            self.stage.network.named_variables(),
            self.stage.optimizer.variables,
            self.progress.note(self.stage, last),
        )

    def _fit(self):
        try:
            self.stage.fit(
                self._dataset(),
                epochs=1,
                steps_per_epoch=self.plan.train_steps - self.progress.step,
                shuffle=False,
                verbose=0,
                callbacks=self._callbacks(),
            )
        except tf.errors.InvalidArgumentError as error:
            raise _explained(error, self.source) from None
        except Diverged:
            self._saving.wait()
            raise

    def _dataset(self):
        first = self.progress.step + self.progress.skipped_batches
        return pipeline.train_dataset(
            self.source,
            self.plan.batch_size,
            self.config.image_size,
            self.config.seed,
            views=self.views,
            start_step=first,
        )

    def _callbacks(self):
        config, plan = self.config, self.plan
        every = config.train_summary_steps or plan.checkpoint_steps
        scalars = Scalars(config.model_dir)
        wait = DataWait()
        self.report = Report(
            every,
            plan.train_steps,
            plan.batch_size,
            build.make_schedule(plan),
            scalars,
            self.journal,
            wait,
        )
        self.report.last = self.progress.last
        save = self._saving = SaveCheckpoint(
            plan.checkpoint_steps, plan.train_steps, self.snapshot, self._write
        )
        return [
            wait,
            Resume(functools.partial(self.progress.restore_means, self.stage)),
            self.report,
            self._watch(every, scalars),
            StopWhenBad(config.max_bad_steps, self._diverged),
            save,
            StopWhenAsked(self.interruption, save.save_now),
        ]

    def _watch(self, every, scalars):
        contrastive = self.config.train_mode == "pretrain"
        return Watch(
            every,
            self.plan.train_steps,
            self._probe(),
            self.report,
            scalars,
            self.journal,
            settled=2 * self.plan.warmup_steps + 100,
            loss="train/contrast_loss" if contrastive else None,
            chance=health.chance_loss(self.plan.batch_size),
        )

    def _probe(self):
        """The first images of training, the same whenever it goes on."""
        batch = min(PROBE, self.source.num_examples)
        data = pipeline.train_dataset(
            self.source,
            batch,
            self.config.image_size,
            self.config.seed,
            views=self.views,
        )
        views, _ = next(iter(data.take(1)))
        return Probe(views if self.views > 1 else [views])

    def _diverged(self, step, bad):
        """Notes what is known of bad steps; returns it in words."""
        offset = self.progress.skipped_batches
        found = divergence.Divergence(
            step=step,
            bad=bad,
            learning_rate=float(build.make_schedule(self.plan)(step - 1)),
            largest_norm=float(self.stage.guard.largest),
            kept=run_directory.latest(self.config.model_dir),
            examples=pipeline.examples_of_step(
                self.source,
                self.plan.batch_size,
                self.config.seed,
                step - 1 + offset,
            ),
        )
        self.journal.note("diverged", **found.noted())
        return found.words(self.source)

    def _roll_back(self, error, rollbacks):
        """Goes back to the last checkpoint and passes over what came since."""
        prefix = run_directory.newest_sound(self.config.model_dir)
        if not self.config.rollback or prefix is None:
            raise error
        rollbacks[prefix] = rollbacks.get(prefix, 0) + 1
        if rollbacks[prefix] > MOST_ROLLBACKS:
            raise error
        taken = error.step + self.progress.skipped_batches
        self.restore(prefix)
        self.progress.means = None
        self.progress.guard = None
        self.stage.guard.in_a_row.assign(0)
        self.progress.skipped_batches = taken - self.progress.step
        _LOG.warning("%s", error)
        _LOG.warning(
            "rolled back to step %d; the next batch is number %d",
            self.progress.step,
            taken,
        )
        self.journal.note(
            "rollback",
            step=self.progress.step,
            skipped_batches=self.progress.skipped_batches,
        )


def _explained(error, source):
    """Names the file where reading failed; other errors are passed on."""
    index = source.unreadable()
    if index is None:
        return error
    return ValueError(
        "Expected an image (JPEG, PNG, WebP, BMP or GIF): "
        f"{source.place(index)} is none, or is damaged; remove it or mend it."
    )
