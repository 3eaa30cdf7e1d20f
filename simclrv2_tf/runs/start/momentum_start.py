"""Pretraining that goes on with the average and the memory of a checkpoint."""

from __future__ import annotations

import logging
import re

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.config import Config
from simclrv2_tf.config.required import required
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.models.keras_models import keras_constants
from simclrv2_tf.probing.nearest import unit
from simclrv2_tf.stages.key_memory import KeyMemory
from simclrv2_tf.stages.stage import Stage

_LOG = logging.getLogger("simclrv2_tf")


def continue_momentum(config: Config, stage: Stage) -> None:
    """Takes what `--checkpoint` has of a momentum encoder and its memory.

    What it does not have begins anew: an average with the weights that were
    loaded, a memory empty. The published files keep no average of the
    classifier, which always begins so.

    Args:
      config: A `Config` with a checkpoint.
      stage: A `Pretrain`, its network loaded from that checkpoint.

    Raises:
      ValueError: If they do not fit.
    """
    if stage.average is None:
        return
    weights = hub.find_weights(
        required(config.checkpoint, "checkpoint"),
        config.checkpoint_ema,
        config.checkpoint_ignore,
    ).with_head(config.proj_head_mode)
    ignored = re.compile(config.checkpoint_ignore or "(?!)")
    names = [n for n in weights.momentum if not ignored.match(n)]
    averages = {name: name for name in names if name.startswith(tf1.EMA)}
    with file_errors(str(config.checkpoint)):
        if averages:
            _assign_average(stage, weights.momentum.renamed(averages))
        if stage.memory is not None and tf1.MEMORY in names:
            _assign_memory(config, stage.memory, weights.momentum)


def _assign_average(stage, arrays):
    """Assigns all weights, except those that the network left out as well."""
    left_out = {
        f"{tf1.EMA}{name}$": reason
        for name, reason in stage.network.load_report.left_out.items()
    }
    head = f"{tf1.EMA}head_supervised/"
    if not any(name.startswith(head) for name in arrays):
        left_out[head] = "the checkpoint has no average of the classifier"
    report = assign.assign_strict(
        stage.average.named_variables(), arrays, left_out
    )
    keras_constants.copy(stage.network, stage.average.network)
    _LOG.info("momentum encoder: %s", report)


def _assign_memory(config: Config, memory: KeyMemory, arrays: Arrays) -> None:
    """Assigns the keys; a file without a count of keys has a full memory."""
    expected, shape = tuple(memory.keys.shape), arrays.shapes[tf1.MEMORY]
    if shape != expected:
        raise ValueError(
            f"The memory of {config.checkpoint!r} is of shape {shape}, that of "
            f"this run {expected}: give --memory_size={shape[0]}, or begin "
            "with an empty memory by --checkpoint_ignore=memory."
        )
    keys = np.asarray(arrays[tf1.MEMORY], np.float32)
    if config.hidden_norm:
        keys = unit(keys)
    memory.keys.assign(keys)
    memory.written.assign(arrays.get(tf1.WRITTEN, memory.size))
    _LOG.info("memory: %d keys", int(memory.filled))
