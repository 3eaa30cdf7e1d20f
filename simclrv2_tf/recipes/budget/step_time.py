"""How long a step of pretraining takes on this machine: measured."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import io
import logging
import tempfile
import time

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data import cache
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes.budget.decoding_time import IN_MEMORY
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.probe_batch import in_parts
from simclrv2_tf.recipes.budget.stop_in_time import StopInTime
from simclrv2_tf.runs import journal
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.train import train

# Of the probe; the first half warms up. Few where a step takes long on paper,
# where machines are up to four times as fast, and no more when the seconds are
# over: a plan shall come in a minute.
STEPS, LEAST_STEPS, SECONDS = 16, 4, 15.0
# The share of a step from which on it is its images that take the time.
WAITING = 0.3
VIEWS = 2  # of an image in pretraining
_LOG = logging.getLogger("simclrv2_tf")


@dataclasses.dataclass(frozen=True)
class StepTime:
    """What the probe measured.

    Attributes:
      step: Seconds of a step, or of its computing alone where its images
        would take longer than the probe may.
      start: Seconds from the start of a run to its first step, and from its
        last step to its end.
      decoding: The `DecodingTime` of the images.
      crop: Seconds of input that a view of an image takes beside that, 0
        where no step waits for it.
      measured: Whether it was, and is not reckoned on paper.
    """

    step: float
    start: float
    decoding: DecodingTime = IN_MEMORY
    crop: float = 0.0
    measured: bool = True


def measure(
    options: dict,
    source: Source,
    reckoned: float = 0.0,
    decoding: DecodingTime = IN_MEMORY,
    replicas: int = 1,
) -> StepTime:
    """Times a few steps of a run that is thrown away.

    Where decoding alone would take too long, the images of the probe are
    noise in memory. Where a step takes long on paper its batch is a part.

    Args:
      options: Those of pretraining.
      source: The `Source` to train on.
      reckoned: Seconds of a step on paper.
      decoding: The `DecodingTime` of its images.
      replicas: Devices that share a batch.
    """
    options, parts = in_parts(options, reckoned, replicas)
    probe = _measured(options, source, reckoned / parts, decoding)
    return dataclasses.replace(probe, step=parts * probe.step)


def _measured(options, source, reckoned, decoding):
    batch = options.get("train_batch_size", 0)
    kept = "pretrain" in decoding.kept  # the probe decodes all of them first
    first = decoding.image * source.num_examples if kept else 0.0
    if first + LEAST_STEPS * batch * decoding.of("pretrain") > SECONDS:
        return _without_images(options, reckoned, decoding)
    probe, waiting = _timed(options, source, reckoned)
    start = max(0.0, probe.start - first)  # which `stage_costs` counts itself
    probe = dataclasses.replace(probe, start=start, decoding=decoding)
    return _with_input(probe, batch) if waiting > WAITING else probe


def _without_images(options, reckoned, decoding):
    """What is found where decoding takes longer than the probe may."""
    options = {**options, "lineareval_while_pretraining": False}
    probe, _ = _timed(options, _noise(options), reckoned)
    start = probe.start + _of_a_start(options) * decoding.image
    return StepTime(probe.step, start, decoding)


def _timed(options, source, reckoned):
    """What a probe finds, and the share of a step that it waits for images."""
    steps, begin = steps_for(reckoned), time.monotonic()
    clock = StopInTime(SECONDS, LEAST_STEPS)
    events = _train(options, source, steps, clock)
    took, waiting = time.monotonic() - begin, 0.0
    if clock.steps < steps:
        steps, step = clock.steps, clock.step_seconds()
    else:
        step = _seconds_between(events) / (steps - steps // 2)
        waiting = _last(events).get("data_wait_share", 0.0)
    return StepTime(step, max(0.0, took - steps * step)), waiting


def _train(options, source, steps, clock):
    """The journal of a run that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="simclrv2_") as directory:
        config = Config(**{**options, **_probe(steps, directory)})
        with _quietly(), devices.scope(config):
            train(config, source, None, [clock])
        return journal.read(directory)


def _probe(steps, directory):
    """The options of a run that is thrown away."""
    return {
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


def steps_for(reckoned: float) -> int:
    """Steps of the probe, for so many seconds of a step on paper."""
    fewer = int(SECONDS / max(reckoned, 1e-9)) // 2 * 2
    return min(STEPS, max(LEAST_STEPS, fewer))


def _seconds_between(events):
    """From the end of the report in the middle to the last step's."""
    middle = next(e for e in events if e["event"] == "health")
    first, second = (
        datetime.datetime.fromisoformat(e["time"])
        for e in (middle, _last(events))
    )
    return max(1e-4, (second - first).total_seconds())


def _last(events):
    """The last report of metrics."""
    return [e for e in events if e["event"] == "train"][-1]


def _with_input(probe, batch):
    """What was found where steps wait: they take as long as their images."""
    image = probe.step / batch
    if not probe.decoding.of("pretrain"):
        return dataclasses.replace(probe, crop=image / VIEWS)
    longer = max(probe.decoding.image, image)
    decoding = dataclasses.replace(probe.decoding, image=longer)
    return dataclasses.replace(probe, decoding=decoding)


def _noise(options):
    """A batch of images in memory, which take no time to read."""
    config = Config(**options)
    count, side = config.train_batch_size, config.image_size
    shape = (count, side, side, config.channels)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    labels = np.full(count, UNLABELLED, np.int32)
    return Source("noise", labels, InMemory(pixels))


def _of_a_start(options):
    """Images that a run decodes before its first step."""
    looked_at = cache.SAMPLE if options.get("cache_dataset") else 0
    return looked_at + options["train_batch_size"]


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
