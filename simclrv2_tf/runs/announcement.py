"""Prints a run's plan, and writes its flags and environment."""

from __future__ import annotations

import logging
import sys

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.data.orientation_count import orientation_note
from simclrv2_tf.data.sixteen_bits import too_dark
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.runs import changed_flags
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs import environment
from simclrv2_tf.runs import keras_networks
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import recorded_data
from simclrv2_tf.runs import weights_taken
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
    changed_flags.warn(run)
    if run.trains:
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
    if run.cut_from:
        yield f"  stopped before    at step {start:,} of {run.cut_from:,}"
    elif not run.trains:
        yield f"  trained already   to step {start:,}, in {config.model_dir}"
    elif start:
        yield f"  resuming at step  {start:,} of {config.model_dir}"


def _record_environment(run, notes):
    """Writes down what the run trains on; warns if its data have changed.

    What it has been trained on before stays beside it.
    """
    directory = run.config.model_dir
    data = environment.describe_data(run.data.source)
    recorded = recorded_data.read(directory) if run.progress.step else []
    earlier = [each for each in recorded if each != data]
    if recorded and recorded[-1] != data:
        _LOG.warning(
            "THE DATA HAVE CHANGED since this run began: %s then, %s now. It "
            "goes on, but is no longer the run that it was.",
            recorded[-1],
            data,
        )
    here = {**environment.describe(), "seed": run.config.seed, "data": data}
    if run.trains:
        here |= weights_taken.describe(run)
        also = {recorded_data.EARLIER: earlier} if earlier else {}
        model_dir.write_environment(directory, {**here, **also})
    run.journal.note(
        "start",
        step=run.progress.step,
        command=sys.argv,
        notes=notes,
        **here,
    )
