"""What a run began with: options that are of no use once it has a checkpoint.

The run's files say what it began with for good, so that they repeat it.
"""

from __future__ import annotations

from typing import Any

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import same_places

OPTIONS = (
    "checkpoint",
    "checkpoint_ema",
    "checkpoint_ignore",
    "variable_schema",
    "zero_init_logits_layer",
    "linear_probe_init",
    "backbone_weights",
)


def kept(config: Config) -> dict[str, Any]:
    """{name: value} of what the run began with, {} for one that begins.

    A path that leads to the same place is as this call has it.

    Args:
      config: The `Config` of the run.
    """
    before = _before(config)
    return {
        name: before[name]
        for name in OPTIONS
        if name in before and not _same(name, config, before)
    }


def unused(config: Config) -> list[str]:
    """Sentences of what is given to a run that began with something else.

    Args:
      config: The `Config` of the run.
    """
    before = _before(config)
    return [
        f"{name}={getattr(config, name)} "
        f"(flags.json of the run has {before[name]})"
        for name in OPTIONS
        if name in before
        and name in config.given
        and not _same(name, config, before)
    ]


def _before(config):
    """The flags of a run that has a checkpoint to go on from, else {}."""
    if not run_directory.steps(config.model_dir):
        return {}
    return model_dir.read_flags(config.model_dir)


def _same(name, config, before):
    if name in same_places.OPTIONS:
        return same_places.same(name, vars(config), before)
    return getattr(config, name) == before[name]
