"""The steps of a run: from where it is to its end, or to a clean stop."""

import functools
import logging

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.cache import cached
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.runs import build
from simclrv2_tf.runs import divergence
from simclrv2_tf.runs import projector
from simclrv2_tf.runs import resume_state as progresses
from simclrv2_tf.runs.callbacks.make import Surroundings
from simclrv2_tf.runs.callbacks.stops import Diverged

MOST_ROLLBACKS = 3  # from one checkpoint; then something else is wrong
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
        self.write = write
        self.corrupt = UnreadableImages(source, config.max_corrupt_fraction)
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
            self.write(0, self.snapshot())
        with self.interruption.deferred():
            rollbacks = {}
            while self.progress.step < self.plan.train_steps:
                try:
                    self._fit()
                    break
                except Diverged as error:
                    self._roll_back(error, rollbacks)
        if distribution.any_worker(self.interruption.reason is not None):
            raise self.interruption.preempted()
        if self.corrupt.found:
            print(self.corrupt.summary(), flush=True)
        shown = not self.report and projector.exists(self.config.model_dir)
        if distribution.is_chief() and not shown:
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
        first = self.progress.step + self.progress.skipped_batches
        try:
            with self.corrupt.explained():
                self.stage.fit(
                    self._dataset(first),
                    epochs=1,
                    steps_per_epoch=self.plan.train_steps - self.progress.step,
                    shuffle=False,
                    verbose=0,
                    callbacks=self._surround(),
                )
        except Diverged:
            self._saving.wait()
            distribution.wait_for_workers()
            raise

    def _surround(self):
        around = Surroundings(self)
        self.report, self._saving = around.report, around.saving
        return around.callbacks

    @functools.cached_property
    def _held(self):
        """The source, its images in memory if the config says so."""
        return cached(self.source) if self.config.cache_dataset else self.source

    def _dataset(self, first):
        """Batches of training from number `first` on, shared by workers."""
        return distribution.share_input(
            lambda workers, worker: self.dataset(
                self.plan.batch_size, first, workers=workers, worker=worker
            ),
            self.plan.batch_size,
        )

    def dataset(self, batch_size, start_step=0, **share):
        """Batches of training from a step on, all of them or a share."""
        return pipeline.train_dataset(
            self._held,
            batch_size,
            self.config.image_size,
            self.config.seed,
            views=self.views,
            start_step=start_step,
            steps=self.plan.train_steps - self.progress.step,
            shuffle_buffer=self.config.shuffle_buffer,
            unreadable=self.corrupt,
            **share,
        )

    def diverged(self, step, bad):
        """Notes what is known of bad steps; returns it in words."""
        offset = self.progress.skipped_batches
        found = divergence.Divergence(
            step=step,
            bad=bad,
            learning_rate=float(build.make_schedule(self.plan)(step - 1)),
            largest_norm=float(self.stage.guard.largest.numpy()),
            kept=run_directory.latest(self.config.model_dir),
            examples=pipeline.examples_of_step(
                self.source,
                self.plan.batch_size,
                self.config.seed,
                step - 1 + offset,
                self.config.shuffle_buffer,
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
