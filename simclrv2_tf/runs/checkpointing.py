"""A run's checkpoints: what they hold, how they are written and read."""

from __future__ import annotations

import logging
import time

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.hub import earlier_constants
from simclrv2_tf.runs import begun_with
from simclrv2_tf.runs import best_checkpoint
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import resume_state
from simclrv2_tf.runs.resume_state import Progress
from simclrv2_tf.runs.training_run import TrainingRun
from simclrv2_tf.runs.weights_of_chief import of_chief
from simclrv2_tf.stages.stage import Stage

_LOG = logging.getLogger("simclrv2_tf")


def newest(directory: str | None) -> str | None:
    """Prefix of the checkpoint that a run goes on from, None for none.

    Raises:
      ValueError: Unless all workers would go on from the same one, which is
        a run's.
    """
    writes = distribution.is_chief()
    prefix = run_directory.latest_valid(directory, set_aside=writes)
    if prefix and not run_directory.is_ours(prefix):
        raise ValueError(
            "`model_dir` must be empty, or hold a run to go on with. Received: "
            f"{directory!r}, which holds checkpoints of another program "
            f"({prefix!r}): begin in a new --model_dir, with "
            f"--checkpoint={prefix} to start from these weights"
        )
    step = run_directory.step_of(prefix) if prefix else 0
    steps = distribution.join_workers(np.array([step])).tolist()
    if len(set(steps)) > 1:
        raise ValueError(
            "`model_dir` must be one directory that all workers share: they "
            f"find checkpoints of the steps {steps} in {directory!r}."
        )
    return prefix


def newest_of_chief(directory: str | None) -> str | None:
    """Prefix that all workers go back to, None for none.

    It is the newest that is whole where the first worker looks: another one
    may not see the last yet. Every worker must call this.

    Raises:
      ValueError: If the first worker's is not there for this one.
    """
    return of_chief(directory, run_directory.latest_valid(directory))


def restore(stage: Stage, prefix: str) -> Progress:
    """Reads weights and slots of a checkpoint; returns where it was."""
    assign.assign_strict(stage.named_variables(), run_directory.read(prefix))
    for network in stage.networks:
        earlier_constants.settle(network, prefix)
    slots = {str(i): v for i, v in enumerate(stage.optimizer.variables)}
    assign.assign_strict(slots, run_directory.read_optimizer(prefix))
    progress = resume_state.from_json(
        run_directory.read_progress(prefix), run_directory.step_of(prefix)
    )
    progress.restore_nonfinite(stage)
    return progress


def snapshot(run: TrainingRun, metrics: dict[str, float]) -> dict:
    """What a checkpoint holds, as the run is now.

    Args:
      run: A `TrainingRun`.
      metrics: Of the last report.
    """
    done = int(run.stage.optimizer.iterations.numpy())
    run.progress.unreadable = run.data.unreadable.found_before(
        done + run.progress.skipped_batches
    )
    return run_directory.snapshot(
        run.stage.named_variables(),
        run.stage.optimizer.variables,
        run.progress.note(run.stage, metrics),
    )


def write(run: TrainingRun, step: int, tensors: dict) -> None:
    """Writes a snapshot, unless another worker does.

    Raises:
      ValueError: If that fails.
      TakenOver: If another process has the directory.
    """
    if run.lock is None:
        return
    run.lock.check()
    _restore_directory(run)
    start = time.monotonic()
    best = run.progress.best
    run_directory.write(
        run.config.directory,
        step,
        tensors,
        run.config.keep_checkpoint_max,
        best.step if best else None,
    )
    name_best(run)
    seconds = round(time.monotonic() - start, 3)
    run.journal.note("checkpoint", step=step, seconds=seconds)


def _restore_directory(run):
    """Makes the directory again if it is gone."""
    directory = run.config.model_dir
    if tf.io.gfile.exists(run_directory.flags_file(directory)):
        return
    _LOG.error(
        "THE DIRECTORY OF THE RUN IS GONE, or its flags.json is: %s is made "
        "again; earlier checkpoints may be lost",
        directory,
    )
    tf.io.gfile.makedirs(directory)
    write_flags(run)


def name_best(run: TrainingRun) -> None:
    """Names the best checkpoint in a file, if checkpoints are compared."""
    if run.progress.best is not None:
        best_checkpoint.write(run.config.directory, run.progress.best)


def write_flags(run: TrainingRun) -> None:
    """Writes the flags of a run, and what its data decided."""
    model_dir.write_flags(
        run.config,
        begun_with.kept(run.config),
        num_classes=run.stage.network.get_config()["num_classes"],
        **run.classes,
        planned_steps=run.last_step,
    )
