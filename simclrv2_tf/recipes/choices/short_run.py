"""A run of a job that tries something out."""

from __future__ import annotations

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.runs.callbacks.stops import Diverged
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.train import train

DIVERGED = "diverged"  # why a run tells nothing


def train_alone(
    config: Config, source: Source, evaluation: Source | None, interruption
) -> dict:
    """Trains; nothing is evaluated or exported.

    What diverges is tried and no good: its result is {DIVERGED: why}.

    Args:
      config: The `Config` of the run.
      source: A `Source` to train on.
      evaluation: Not looked at.
      interruption: An `Interruption` that has begun.
    """
    del evaluation
    try:
        with devices.scope(config):
            trained = train(config, source, interruption)
    except Diverged as error:
        return {DIVERGED: str(error)}
    return {**trained.metrics, "parameters": trained.parameters}
