"""What the flags leave open is as the weights have it.

Depth, width and the rest have defaults, but a user who gives a checkpoint and
no `--resnet_depth` means the checkpoint's. Flags that were given stay, and
contradict the weights where they do.
"""

import dataclasses

from simclrv2_tf import hub
from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import HEADS
from simclrv2_tf.config import describing
from simclrv2_tf.runs import model_dir


def inherit(config):
    """The config with what a run or a checkpoint says, where none was given.

    A run that goes on in `model_dir` is as its flags were; a new one as
    `--checkpoint` is.

    Args:
      config: A `Config`.
    """
    known, goes_on = _known(config)
    # Weights without a projection head may get a new one; a run may not.
    headless = known.get("proj_head_mode", "none") == "none"
    parts = (BACKBONE,) if headless and not goes_on else (BACKBONE, HEADS)
    names = describing(config, *parts)
    open_ = [n for n in names if n in known and n not in config.given]
    return _with(config, {name: known[name] for name in open_})


def given(config, names):
    """{name: value} of those fields that the caller gave."""
    return {n: getattr(config, n) for n in names if n in config.given}


def _known(config):
    """What is known of the network, and whether a run's flags say it."""
    before = model_dir.read_flags(config.model_dir)
    if before or not config.checkpoint:
        return before, bool(before)
    found = hub.find_weights(
        config.checkpoint, config.checkpoint_ema, config.checkpoint_ignore
    )
    return found.arguments, False


def _with(config, known):
    return dataclasses.replace(config, **known) if known else config
