"""The parts of a training run: its data, plan, network, and checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import still_unreadable
from simclrv2_tf.runs import build
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs import environment
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.hardware import memory_check
from simclrv2_tf.runs.hardware import precision
from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.plan import make_plan
from simclrv2_tf.runs.resolve import teacher_size
from simclrv2_tf.runs.start.class_numbers import names_of_run
from simclrv2_tf.runs.start.class_numbers import number_as_before
from simclrv2_tf.runs.start.probe_start import start_from_probe
from simclrv2_tf.runs.training_data import TrainingData
from simclrv2_tf.runs.training_run import TrainingRun


def assemble(
    config: Config,
    source: Source | None,
    check_classes: Callable[[dict], None] | None,
    **parts: Any,
) -> TrainingRun:
    """Opens the data, plans, builds the stage, and resumes.

    The strategy in scope spreads the stage over devices.

    Args:
      config: The resolved `Config`.
      source: A `Source`; None for the one that the config names.
      check_classes: Raises a ValueError, before anything is built, if what
        comes after training cannot do with the run's `classes`; None for no
        check.
      **parts: The other parts of a `TrainingRun`, by name.

    Returns:
      The run, with the newest checkpoint of its directory restored if there
      is one.

    Raises:
      ValueError: If config, data and directory do not go together.
    """
    source, classes = open_data(config, source, check_classes)
    plan = _make_plan(config, source)
    journal = Journal(config.model_dir if distribution.is_chief() else None)
    data = TrainingData(config, source, teacher_size(config))
    checkpoint = checkpointing.newest(config.directory)
    run = TrainingRun(
        config=config,
        plan=plan,
        memory=_check_memory(config, plan, checkpoint),
        stage=_build(config, plan, source, resumes=checkpoint is not None),
        data=data,
        classes=classes,
        journal=journal,
        **parts,
    )
    _resume(run, checkpoint)
    return run


def open_data(
    config: Config,
    source: Source | None,
    check_classes: Callable[[dict], None] | None,
) -> tuple[Source, dict[str, Any]]:
    """The source with the labels it trains on, and the names of its classes.

    Args:
      config: The resolved `Config`.
      source: A `Source`; None for the one that the config names.
      check_classes: See `assemble`.

    Raises:
      ValueError: If config and data do not go together.
    """
    opened = source or inputs.open_source(config)
    source = number_as_before(config, opened)
    classes = names_of_run(config, source, opened)
    if check_classes is not None:
        check_classes(classes)
    drawn_as = classes.get(inputs.DRAWN_AS)
    source = inputs.choose_labels(config, source, drawn_as)
    return source.with_channels(config.channels), classes


def _make_plan(config, source):
    return make_plan(
        config,
        source.num_examples,
        distribution.num_replicas(),
        labelled=int((source.labels >= 0).sum()),
    )


def _resume(run, checkpoint):
    """Restores the checkpoint, or starts the head from a probe if chosen."""
    if checkpoint is not None:
        run.progress = checkpointing.restore(run.stage, checkpoint)
        _restore_unreadable(run)
    elif run.config.linear_probe_init:
        batch = run.config.eval_batch_size
        start_from_probe(run.stage.network, run.data, batch)
        if run.stage.average is not None:
            run.stage.average.restart()


def _restore_unreadable(run):
    """Goes on counting what cannot be read, unless the data have changed.

    Files that are mended under their names are the same data: each image is
    tried once.
    """
    if not run.progress.unreadable:
        return
    before = model_dir.read_environment(run.config.model_dir).get("data")
    if before in (None, environment.describe_data(run.data.source)):
        numbers = still_unreadable(run.data.source, run.progress.unreadable)
        run.data.unreadable.restore(numbers)


def _check_memory(config, plan, checkpoint):
    """The memory that a run is expected to take, checked if it trains."""
    step = run_directory.step_of(checkpoint) if checkpoint else 0
    look = (
        memory_check.check if step < plan.train_steps else memory_check.expect
    )
    return look(config, plan.replicas)


def _build(config, plan, source, resumes):
    """The compiled stage, its weights drawn from the seed."""
    keras.utils.set_random_seed(config.seed)
    precision.warn_if_emulated(config.mixed_precision)
    build.set_determinism(config)
    with precision.policy(config.mixed_precision):
        return build.compiled_stage(config, plan, source, resumes)
