"""A training run, from its config to its last checkpoint."""

import contextlib
import dataclasses
import functools
import logging
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.runs import build
from simclrv2_tf.runs import devices
from simclrv2_tf.runs import environment
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import precision
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.class_numbers import names_of_run
from simclrv2_tf.runs.class_numbers import number_as_before
from simclrv2_tf.runs.inputs import choose_labels
from simclrv2_tf.runs.inputs import open_source
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.lock import Lock
from simclrv2_tf.runs.plan import make_plan
from simclrv2_tf.runs.resolve import inherit
from simclrv2_tf.runs.steps import Run

_LOG = logging.getLogger("simclrv2_tf")


@dataclasses.dataclass(frozen=True)
class Trained:
    """What training leaves.

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
        """How many the network has."""
        return count_parameters(self.network)


def train(config, source=None, interruption=None):
    """Trains to the end, from the newest checkpoint of `model_dir` if any.

    Args:
      config: A `Config`.
      source: A `Source` in place of the one that the config names.
      interruption: An `Interruption` that has begun; None for one of its own.

    Returns:
      The network, the step it was trained to, and the last metrics.

    Raises:
      ValueError: If config, data and directory do not go together, or
        another process trains in that directory.
      Diverged: If numbers are not finite for too long.
      Preempted: If the process was asked to stop.
    """
    strategy = devices.make_strategy(config)
    with strategy.scope():
        return _train_here(config, source, interruption)


def _train_here(config, source, interruption):
    config = inherit(config)
    model_dir.check(config)
    distribution.wait_for_workers()  # nobody is checking any more
    with contextlib.ExitStack() as stack:
        if interruption is None:
            interruption = stack.enter_context(
                Interruption(
                    config.preemption_exit_code, time_limit_seconds(config)
                )
            )
        lock = None
        if distribution.is_chief():  # the others write nothing
            lock = stack.enter_context(Lock(config.model_dir))
            model_dir.clean(config.model_dir)
        return _train(config, source, interruption, lock)


def _train(config, source, interruption, lock):
    data = source or open_source(config)
    source = number_as_before(config, data)
    names = names_of_run(config, source, data)
    source = choose_labels(config, source)
    source = source.with_channels(config.channels)
    replicas = distribution.num_replicas()
    plan = make_plan(config, source.num_examples, replicas)
    keras.utils.set_random_seed(config.seed)
    precision.warn_if_emulated(config.mixed_precision)
    build.set_determinism(config)
    writes = distribution.is_chief()
    journal = Journal(config.model_dir if writes else None)
    newest = run_directory.newest_sound(config.model_dir, set_aside=writes)
    _check_agreement(config, newest)
    with precision.policy(config.mixed_precision):
        stage = _compiled_stage(config, plan, source, newest)
    note_flags = functools.partial(_write_flags, config, plan, stage, names)
    write = functools.partial(_write, config, lock, journal, note_flags)
    run = Run(config, plan, stage, source, journal, write, interruption)
    if newest is not None:
        run.restore(newest)
    if writes:
        start = run.progress.step
        _announce(config, plan, stage, source, start)
        if start < plan.train_steps:
            _tell_changes(config, start)
            note_flags()
        _describe(config, source, journal, start)
    with _noted(journal, stage):
        metrics = run.to_the_end()
    distribution.wait_for_workers()  # the last checkpoint is there
    return Trained(stage.network, plan.train_steps, metrics)


def _check_agreement(config, newest):
    """Raises a ValueError unless all workers would go on from this one."""
    step = run_directory.step_of(newest) if newest else 0
    steps = distribution.join_workers(np.array([step])).tolist()
    if len(set(steps)) > 1:
        raise ValueError(
            "`model_dir` must be one directory that all workers share: they "
            f"find checkpoints of the steps {steps} in {config.model_dir!r}."
        )


def _write_flags(config, plan, stage, names):
    model_dir.write_flags(
        config,
        num_classes=stage.network.get_config()["num_classes"],
        **names,
        planned_steps=plan.train_steps,
    )


def _write(config, lock, journal, note_flags, step, snapshot):
    """Writes a checkpoint; raises a ValueError if that fails."""
    if lock is None:  # another worker writes
        return
    lock.check()
    if not tf.io.gfile.exists(run_directory.flags_file(config.model_dir)):
        _LOG.error(
            "THE DIRECTORY OF THE RUN IS GONE, or its flags.json is: %s is "
            "made again; earlier checkpoints may be lost",
            config.model_dir,
        )
        tf.io.gfile.makedirs(config.model_dir)
        note_flags()
    start = time.monotonic()
    run_directory.write(
        config.model_dir, step, snapshot, config.keep_checkpoint_max
    )
    seconds = round(time.monotonic() - start, 3)
    journal.note("checkpoint", step=step, seconds=seconds)


@contextlib.contextmanager
def _noted(journal, stage):
    """Notes in the journal how training ended."""
    try:
        yield
    except BaseException as error:
        step = int(stage.optimizer.iterations.numpy())
        kind = type(error).__name__
        journal.note("stop", step=step, kind=kind, reason=str(error))
        raise
    journal.note("trained", step=int(stage.optimizer.iterations.numpy()))


def _compiled_stage(config, plan, source, newest):
    teacher = None
    count = source.num_classes
    if config.train_mode == "distill":
        weights.check_classifier(config.teacher)
        teacher = build.load_teacher(config)
        count = count or teacher.get_config()["num_classes"]
    if newest is not None:  # those weights go first
        network = build.fresh_network(config, count)
    else:
        network = build.make_network(config, count)
    stage = build.make_stage(config, network, teacher)
    stage.compile(optimizer=build.make_optimizer(config, plan, network))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def _announce(config, plan, stage, source, start):
    network = stage.network
    shape = architecture.describe(network.get_config())
    print(f"{config.train_mode}: {shape} on {source.name}")
    print(f"  parameters        {count_parameters(network):,}")
    for line in plan.lines():
        print(f"  {line}")
    if config.train_mode == "pretrain" and config.channels != 3:
        print("  colour distortion brightness and contrast alone: images are")
        print(f"                    not RGB (channels={config.channels})")
    if start >= plan.train_steps:
        print(f"  trained already   to step {start:,}, in {config.model_dir}")
    elif start:
        print(f"  resuming at step  {start:,} of {config.model_dir}")
    print(flush=True)


def _tell_changes(config, start):
    changes = model_dir.changed(config) if start else []
    if changes:
        _LOG.warning(
            "THE FLAGS HAVE CHANGED since step %d: %s. The run goes on, but "
            "is no longer the one that it was.",
            start,
            ", ".join(changes),
        )


def _describe(config, source, journal, start):
    """Writes down what the run runs on, and whether its data are the same."""
    here = {
        **environment.describe(),
        "seed": config.seed,
        "data": {
            "name": source.name,
            "examples": source.num_examples,
            "fingerprint": environment.fingerprint(source),
        },
    }
    before = model_dir.read_environment(config.model_dir).get("data")
    if start and before and before != here["data"]:
        _LOG.warning(
            "THE DATA HAVE CHANGED since this run began: %s then, %s now. It "
            "goes on, but is no longer the run that it was.",
            before,
            here["data"],
        )
    model_dir.write_environment(config.model_dir, here)
    journal.note("start", step=start, command=sys.argv, **here)
