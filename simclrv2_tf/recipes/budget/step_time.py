"""How long a step of pretraining takes on this machine: measured."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import io
import logging
import tempfile
import time

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.train import train

# Of the probe; the first half warms up. Few where a step takes long on paper,
# where machines are up to four times as fast: a plan shall come in a minute.
STEPS, LEAST_STEPS, SECONDS = 16, 4, 15.0
_LOG = logging.getLogger("simclrv2_tf")


@dataclasses.dataclass(frozen=True)
class StepTime:
    """What the probe found.

    Attributes:
      step: Seconds of a step.
      start: Seconds from the start of a run to its first step, and from its
        last step to its end.
    """

    step: float
    start: float


def measure(options: dict, source: Source, reckoned: float = 0.0) -> StepTime:
    """Times a few steps of a run that is thrown away.

    Args:
      options: Those of pretraining.
      source: The `Source` to train on.
      reckoned: Seconds of a step on paper.
    """
    steps = steps_for(reckoned)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="simclrv2_") as directory:
        probe = {
            "train_mode": "pretrain",
            "mode": "train",
            "model_dir": directory,
            "warmup_epochs": 0.0,
            "train_steps": steps,
            "train_summary_steps": steps // 2,
            "checkpoint_steps": steps,
            # No tracker is told of what is thrown away.
            "logger": "tensorboard",
            "profile_steps": None,
        }
        config = Config(**{**options, **probe})
        with _quietly(), devices.scope(config):
            train(config, source)
        events = journal.read(directory)
    step = _seconds_between(events) / (steps - steps // 2)
    return StepTime(step, time.monotonic() - begin - steps * step)


def steps_for(reckoned: float) -> int:
    """Steps of the probe, for so many seconds of a step on paper."""
    fewer = int(SECONDS / max(reckoned, 1e-9)) // 2 * 2
    return min(STEPS, max(LEAST_STEPS, fewer))


def _seconds_between(events):
    """From the end of the report in the middle to the last step's."""
    middle = next(e for e in events if e["event"] == "health")
    last = [e for e in events if e["event"] == "train"][-1]
    first, second = (
        datetime.datetime.fromisoformat(e["time"]) for e in (middle, last)
    )
    return max(1e-4, (second - first).total_seconds())


@contextlib.contextmanager
def _quietly():
    """What a run says is kept to itself."""
    before = _LOG.level
    _LOG.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        _LOG.setLevel(before)
