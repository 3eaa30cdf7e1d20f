"""What a trial may take of the memory."""

from __future__ import annotations

import logging

from simclrv2_tf.config import Config
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.hardware import memory_check

_LOG = logging.getLogger("simclrv2_tf")


def fits(
    config: Config, name: str, memory_budget: float = 0.0, before: float = 0.0
) -> bool:
    """Whether there is memory for a run, and a warning where there is not.

    Args:
      config: A `Config`.
      name: What is tried, for the warning.
      memory_budget: GB that the job may come to, 0 for what is free.
      before: Bytes that its process had before it began; what earlier parts
        have left is taken anew.
    """
    expected = memory_check.expect(config, devices.num_replicas(config))
    above = memory_budget and expected.peak + before > memory_budget * 1e9
    if not config.check_memory or (expected.fits and not above):
        return True
    _LOG.warning(
        "%r is not tried, as it is expected to take %s", name, expected
    )
    return False
