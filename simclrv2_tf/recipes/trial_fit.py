"""A trial's config: as many images and as much memory as there are."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.optimizers import scale_learning_rate
from simclrv2_tf.recipes.rule_values import in_equal_parts
from simclrv2_tf.runs import memory_check

_LOG = logging.getLogger("simclrv2_tf")


def rate_scale(options: dict[str, Any]) -> float:
    """What a stage's learning rate is multiplied by for its batch."""
    return scale_learning_rate(
        1.0,
        options["train_batch_size"],
        options.get("learning_rate_scaling", "linear"),
    )


def fitting(config: Config, examples: int) -> Config:
    """The config with no more images in a batch than there are, as fast.

    Args:
      config: A `Config`.
      examples: Images to train on.
    """
    batch = min(config.train_batch_size, examples)
    batch = in_equal_parts(batch, distribution.num_replicas())
    before, after = (
        scale_learning_rate(1.0, size, config.learning_rate_scaling)
        for size in (config.train_batch_size, batch)
    )
    rate = config.learning_rate * (before / after)
    return dataclasses.replace(
        config, train_batch_size=batch, learning_rate=rate
    )


def fits(config: Config, name: str, memory_budget: float = 0.0) -> bool:
    """Whether there is memory for a run, and a warning where there is not.

    Args:
      config: A `Config`.
      name: What is tried, for the warning.
      memory_budget: GB that the job may take, 0 for what is free.
    """
    expected = memory_check.expect(config, distribution.num_replicas())
    above = memory_budget and expected.peak > memory_budget * 1e9
    if not config.check_memory or (expected.fits and not above):
        return True
    _LOG.warning(
        "%r is not tried, as it is expected to take %s", name, expected
    )
    return False
