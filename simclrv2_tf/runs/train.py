"""A training run: the order of events, read from the top."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.lock import TakenOver
from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.announcement import announce
from simclrv2_tf.runs.assembly import assemble
from simclrv2_tf.runs.callbacks.user_callbacks import check_callbacks
from simclrv2_tf.runs.fit import fit
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.monitoring import projector
from simclrv2_tf.runs.resolve import resolve
from simclrv2_tf.runs.training_run import Evaluation

ENDED = "a callback ended training; the same command goes on"
CUT = (
    "a plan of {now:,} steps trains nothing more, and the one of {before:,} is "
    "not at its end; that one's command goes on"
)
_LOG = logging.getLogger("simclrv2_tf")


@dataclasses.dataclass(frozen=True)
class Trained:
    """The result of training.

    Attributes:
      network: The trained `Network`.
      step: The step it was trained to.
      metrics: {name: float} of the last report.
    """

    network: Network
    step: int
    metrics: dict[str, float]

    @property
    def parameters(self) -> int:
        """The number of the network's parameters."""
        return count_parameters(self.network)


def train(
    config: Config,
    source: Source | None = None,
    interruption: Interruption | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    evaluate: Evaluation | None = None,
    check_classes: Callable[[dict], None] | None = None,
) -> Trained:
    """Trains to the end, from the newest checkpoint of `model_dir` if any.

    The strategy in scope spreads the work over devices.

    Args:
      config: A `Config`.
      source: A `Source` in place of the one that the config names.
      interruption: An `Interruption` that has begun; None for one of its own.
      callbacks: Keras callbacks beside our own, see `make_callbacks`.
      evaluate: An `Evaluation` at each checkpoint; None for none.
      check_classes: Raises a ValueError, before anything is built, if what
        comes after training cannot do with the run's `classes`, see
        `TrainingRun`; None for no check.

    Returns:
      The network, the step it was trained to, and the last metrics.

    Raises:
      ValueError: If config, data and directory do not go together, or
        another process trains in that directory.
      TakenOver: If another process took that directory since.
      Diverged: If numbers are not finite for too long.
      Preempted: If the process was asked to stop.
    """
    callbacks = check_callbacks(callbacks)
    config = resolve(config)
    model_dir.check(config)
    distribution.wait_for_workers()  # nobody is checking any more
    with (
        _interruptible(config, interruption) as interruption,
        _locked(config.directory) as lock,
    ):
        run = assemble(
            config,
            source,
            check_classes,
            lock=lock,
            interruption=interruption,
            callbacks=callbacks,
            evaluate=evaluate,
        )
        check_owner(lock)
        if distribution.is_chief():
            announce(run)
        with _end_in_journal(run):
            _train(run)
        distribution.wait_for_workers()  # the last checkpoint is there
    step = int(run.stage.optimizer.iterations.numpy())
    return Trained(run.stage.network, step, run.progress.last)


@contextlib.contextmanager
def _interruptible(
    config: Config, interruption: Interruption | None
) -> Iterator[Interruption]:
    """The interruption that was given, or one for the time of training."""
    if interruption is not None:
        yield interruption
        return
    limit = time_limit_seconds(config)
    with Interruption(config.preemption_exit_code, limit) as interruption:
        yield interruption


@contextlib.contextmanager
def _locked(directory: str) -> Iterator[Lock | None]:
    """Holds the directory; None on other workers, which write nothing."""
    if not distribution.is_chief():
        yield None
        return
    with Lock(directory) as lock:
        model_dir.clean(directory)
        yield lock


@contextlib.contextmanager
def _end_in_journal(run):
    """Writes down how training ends, in a journal that is still its own."""
    iterations = run.stage.optimizer.iterations
    try:
        yield
        check_owner(run.lock)
    except TakenOver:
        raise
    except BaseException as error:
        kind, step = type(error).__name__, int(iterations.numpy())
        run.journal.note("stop", step=step, kind=kind, reason=str(error))
        raise
    step = int(iterations.numpy())
    if run.ended_early:
        run.journal.note("trained", step=step, reason="--patience")
        return
    if step < run.plan.train_steps:
        run.journal.note("stop", step=step, kind="callback", reason=ENDED)
        return
    if run.cut_from:
        reason = CUT.format(now=run.plan.train_steps, before=run.cut_from)
        run.journal.note("stop", step=step, kind="plan", reason=reason)
        return
    run.journal.note("trained", step=step)


def _train(run):
    """Fits, then says what could not be read and shows the features."""
    trains = run.trains
    fit(run)
    if run.data.unreadable.numbers:
        print(run.data.unreadable.summary(), flush=True)
    if distribution.is_chief():
        checkpointing.name_best(run)
        if run.ended_early:  # who waits for the last step has it
            checkpointing.write_flags(run)
        if trains or not projector.exists(run.config.model_dir):
            _project(run)


def _project(run):
    """Features for TensorBoard; a run does not fail for want of them."""
    try:
        projector.write(
            run.config.model_dir,
            run.stage.network,
            run.data.source,
            run.data.unreadable,
        )
    except (tf.errors.OpError, OSError, ValueError) as error:
        _LOG.warning("no embedding projector: %s", first_line(error))
