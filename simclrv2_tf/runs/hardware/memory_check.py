"""Whether a job fits the memory there is: asked before it starts."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import hub
from simclrv2_tf import scaling
from simclrv2_tf.config import Config
from simclrv2_tf.config import averages
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.machine.free_memory import free_memory
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs.hardware.memory import before_runs

MOST = 0.9  # of the free memory that a job may be expected to take
# On the host memory that is freed comes back in pieces, so that the peak grows
# in the first ten steps: 1.24 to 1.52 times the sum of what is needed, in
# benchmarks/memory.json.
GROWTH = 1.35
# What the functions of a run take once they are compiled, beside the process
# that there is when this is asked.
COMPILED = 0.4e9
_HOST = "on this machine"


@dataclasses.dataclass(frozen=True)
class Expected:
    """The memory that a job is expected to take, and what there is.

    Attributes:
      peak: Bytes on a device, on the host beside what the process has; NaN
        where a Keras network takes part, whose layers are not counted.
      free: Bytes of the host or of an accelerator, infinite if not known.
      where: Whose memory it is, in words.
      taken: Bytes of the host that the process had before any run.
      images: Bytes of the host that images in memory take beside that.
    """

    peak: float
    free: float
    where: str
    taken: float = 0.0
    images: float = 0.0

    @property
    def on_host(self) -> bool:
        """Whether it is the memory that images are in, too."""
        return self.where == _HOST

    @property
    def whole(self) -> float:
        """Bytes that the process comes to."""
        return self.peak + self.images + self.taken

    @property
    def fits(self) -> bool:
        return not self.peak + self.images > MOST * self.free

    def __str__(self) -> str:
        if math.isnan(self.peak):
            return "not estimated: a network is no ResNet of ours"
        words = f"about {gigabytes(self.peak)}"
        if self.free < float("inf"):
            words += f" of {gigabytes(self.free)} free {self.where}"
        if self.taken:
            words += f", {gigabytes(self.whole)} with TensorFlow and data"
        return words


def expect(
    config: Config,
    replicas: int = 1,
    teachers: Sequence[dict[str, Any]] | None = None,
) -> Expected:
    """What a run is expected to take at its peak.

    Args:
      config: A `Config` whose network is settled.
      replicas: Devices that share a batch; those of the host share its memory.
      teachers: Arguments of the networks that teach, where these are not made
        yet; None for those that `config.teacher` names.
    """
    if teachers is None:
        teachers = _teachers(config)
    if config.backbone or any(map(_backbone, teachers)):
        return Expected(float("nan"), float("inf"), "")
    gpus = tf.config.list_logical_devices("GPU")
    job = _job(config, replicas)
    needed = sum(scaling.memory(job).values())
    batch = config.train_batch_size // replicas
    needed += sum(_inference(teacher, batch) for teacher in teachers)
    if gpus:
        free = _device_memory(gpus[0])
        return Expected(needed, free, "on each accelerator")
    if tf.config.list_logical_devices("TPU"):
        return Expected(needed, float("inf"), "on each core")
    local = replicas // distribution.worker_share()[0]
    peak = local * GROWTH * needed + COMPILED
    return Expected(peak, free_memory(), _HOST, before_runs())


def check(config: Config, replicas: int = 1) -> Expected:
    """`expect`, and an error where the job does not fit.

    Raises:
      ValueError: If more than `MOST` of the free memory is expected to be
        taken, with what would help; not with `check_memory=False`.
    """
    expected = expect(config, replicas)
    if expected.fits or not config.check_memory:
        return expected
    ways = helpful(config, replicas)
    advice = (
        f"{', or '.join(ways)} would fit"
        if ways
        else ("a smaller network or smaller images are needed")
    )
    raise ValueError(
        f"The job is expected to take {expected}: {advice}; "
        "--nocheck_memory starts it all the same."
    )


def helpful(config: Config, replicas: int = 1) -> list[str]:
    """Flags with which the job fits: each alone, else all of them."""
    fitting = [
        text
        for text, changed in _changes(config, replicas)
        if expect(changed, replicas).fits
    ]
    if fitting:
        return fitting
    saving = dataclasses.replace(config, remat=True, mixed_precision="bfloat16")
    both = "--remat --mixed_precision=bfloat16"
    for text, changed in [("", saving), *_smaller(saving, replicas)]:
        if expect(changed, replicas).fits:
            return [f"{both} {text}".strip()]
    return []


def _changes(config, replicas):
    """Yields flags that save memory, each with its config."""
    if config.mixed_precision == "float32":
        changed = dataclasses.replace(config, mixed_precision="bfloat16")
        yield "--mixed_precision=bfloat16", changed
    if not config.remat:
        yield "--remat", dataclasses.replace(config, remat=True)
    yield from _smaller(config, replicas)


def _smaller(config, replicas):
    """Yields the largest micro-batch and the largest batch that fit."""
    if config.train_mode == "pretrain":
        share = config.train_batch_size // replicas
        name = "gradient_cache_microbatch"
        parts = [n for n in _halves(share) if share % n == 0]
        yield from _first_fitting(config, replicas, name, parts)
    batches = [n for n in _halves(config.train_batch_size) if not n % replicas]
    yield from _first_fitting(config, replicas, "train_batch_size", batches)


def _first_fitting(config, replicas, name, values):
    plain = {"gradient_cache_microbatch": 0}
    for value in values:
        changed = dataclasses.replace(config, **{**plain, name: value})
        if expect(changed, replicas).fits:
            yield f"--{name}={value}", changed
            return


def _halves(number):
    """number / 2, / 4, … in whole numbers, 8 at least."""
    while number >= 16:
        number //= 2
        yield number


def _job(config, replicas):
    """The config as `scaling` takes it."""
    shared = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(scaling.PlannedJob)
        if hasattr(config, field.name)
    }
    return scaling.PlannedJob(
        batch=config.train_batch_size,
        devices=replicas,
        views=2 if config.train_mode == "pretrain" else 1,
        frozen=max(0, config.fine_tune_after_block + 1),
        average=averages(config),
        **shared,
    )


def _teachers(config):
    """Arguments of the networks that `--teacher` names."""
    if config.train_mode != "distill" or not config.teacher:
        return []
    return list(map(_arguments, teacher_sources.split(config.teacher)))


def _arguments(source):
    """Those of a teacher; a Keras classifier is a backbone by itself."""
    if teacher_sources.is_keras(source):
        return {"backbone": source}
    return hub.find_weights(source).arguments


def _backbone(arguments):
    return arguments.get("backbone")


def _inference(arguments, batch):
    """Bytes of a teacher: weights, and the largest of what it computes."""
    named = {
        field.name: arguments[field.name]
        for field in dataclasses.fields(scaling.PlannedJob)
        if field.name in arguments
    }
    job = scaling.PlannedJob(batch=batch, **named)
    return scaling.inference_memory(job)


def _device_memory(device):
    """Bytes that TensorFlow may take of an accelerator."""
    from tensorflow.python.client import device_lib

    number = device.name.rpartition(":")[2]
    for known in device_lib.list_local_devices():
        if known.device_type == "GPU" and known.name.endswith(f":{number}"):
            return float(known.memory_limit)
    return float("inf")
