"""Options of exports, as the run that is exported again has them."""

from __future__ import annotations

import dataclasses
import logging

from simclrv2_tf.checkpoints import flags_beside
from simclrv2_tf.config import Config
from simclrv2_tf.config.field_values import as_flag

# What an exported version is, beside its weights and its classes.
_OPTIONS = (
    "export_formats",
    "export_top_k",
    "export_ema",
    "max_image_pixels",
    "max_image_bytes",
)
_LOG = logging.getLogger("simclrv2_tf")


def as_in_its_run(config: Config) -> Config:
    """The config with options of exports as the run in `model_dir` has them.

    A version that is exported again, for its temperature perhaps, is what it
    was. What the caller gave stays, and so does all where nothing is exported
    again or there is no run. What is taken is logged.

    Args:
      config: A `Config`.

    Raises:
      ValueError: If the run's flags cannot be read.
    """
    if config.mode != "export" or not config.model_dir:
        return config
    flags = flags_beside.read(config.model_dir)
    taken = {
        name: flags[name]
        for name in _OPTIONS
        if name in flags
        and name not in config.given
        and not (name == "export_ema" and "eval_ema" in config.given)
        and flags[name] != getattr(config, name)
    }
    if not taken:
        return config
    words = " ".join(as_flag(*each) for each in taken.items())
    _LOG.info("exported as the run is: %s; give others to change that", words)
    return dataclasses.replace(config, **taken)
