"""Prints a run's plan, and writes its flags and environment."""

from __future__ import annotations

import logging
import sys

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.data.orientation_count import orientation_note
from simclrv2_tf.data.sixteen_bits import too_dark
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs import environment
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.start import keras_networks
from simclrv2_tf.runs.start import teacher
from simclrv2_tf.runs.training_run import TrainingRun

_LOG = logging.getLogger("simclrv2_tf")


def announce(run: TrainingRun) -> None:
    """Prints the plan, writes flags and environment, warns of changes."""
    notes = _notes(run.data.source)
    if dark := too_dark(run.data.source):
        _LOG.warning("%s", dark)
    print("\n".join(_lines(run, notes)))
    print(flush=True)
    if run.config.profile_steps and not run.trains:
        _LOG.warning("no profile: no step is left to train")
    if run.trains:
        _warn_of_changed_flags(run)
        checkpointing.write_flags(run)
    _record_environment(run, notes)


def _notes(source):
    """Notes on the data, beside its size."""
    return [note for note in (*source.notes, orientation_note(source)) if note]


def _lines(run, notes):
    network, config = run.stage.network, run.config
    shape = architecture.describe(network.get_config())
    yield f"{config.train_mode}: {shape} on {run.data.source.name}"
    yield f"  parameters        {count_parameters(network):,}"
    for line in run.plan.lines():
        yield f"  {line}"
    yield f"  memory            {run.memory}"
    for line in keras_networks.lines(network):
        yield f"  {line}"
    if config.train_mode == "distill":
        for line in teacher.lines(run):
            yield f"  {line}"
    if config.train_mode == "pretrain" and config.channels != 3:
        yield "  colour distortion brightness and contrast alone: images are"
        yield f"                    not RGB (channels={config.channels})"
    for note in notes:
        yield f"  data              {note}"
    start = run.progress.step
    if not run.trains:
        yield f"  trained already   to step {start:,}, in {config.model_dir}"
    elif start:
        yield f"  resuming at step  {start:,} of {config.model_dir}"


def _warn_of_changed_flags(run):
    changes = model_dir.changed(run.config) if run.progress.step else []
    if changes:
        _LOG.warning(
            "THE FLAGS HAVE CHANGED since step %d: %s. The run goes on, but "
            "is no longer the one that it was.",
            run.progress.step,
            ", ".join(changes),
        )


def _record_environment(run, notes):
    """Writes down what the run runs on; warns if its data have changed."""
    source, directory = run.data.source, run.config.model_dir
    data = environment.describe_data(source)
    before = model_dir.read_environment(directory).get("data")
    if run.progress.step and before and before != data:
        _LOG.warning(
            "THE DATA HAVE CHANGED since this run began: %s then, %s now. It "
            "goes on, but is no longer the run that it was.",
            before,
            data,
        )
    here = {**environment.describe(), "seed": run.config.seed, "data": data}
    model_dir.write_environment(directory, here)
    run.journal.note(
        "start",
        step=run.progress.step,
        command=sys.argv,
        notes=notes,
        **here,
    )
