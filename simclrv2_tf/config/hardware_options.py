"""Options of the hardware: devices, arithmetic, memory, profile."""

import dataclasses
import re

from simclrv2_tf.config.option import CHANGES_TRAINING
from simclrv2_tf.config.option import WHOLE_NUMBERS
from simclrv2_tf.config.option import Range
from simclrv2_tf.config.option import Resumed
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import option

STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")


def profiled(steps: str) -> tuple[int, int] | None:
    """First and last step of `profile_steps`; None if it names no two."""
    match = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*", steps)
    if not match:
        return None
    first, last = map(int, match.groups())
    return (first, last) if 1 <= first <= last else None


@dataclasses.dataclass(frozen=True)
class HardwareConfig:
    """What it runs on."""

    strategy: str = option(
        "auto",
        "Devices: auto looks for a TPU, several GPUs or TF_CONFIG.",
        STRATEGIES,
    )
    use_tpu: bool | None = option(
        None, "Whether to use a TPU; unset: look for one.", kind=bool
    )
    tpu_name: str | None = option(None, "Name or address of the TPU.", kind=str)
    tpu_zone: str | None = option(None, "Zone of the TPU.", kind=str)
    gcp_project: str | None = option(None, "Project of the TPU.", kind=str)
    master: str | None = option(
        None, "Address of the TPU, for the same use as --tpu_name.", kind=str
    )
    deterministic: bool | None = option(
        None,
        "Whether every repetition gives the same bits; unset: on the CPU, "
        "which costs nothing there. GPUs are slower for it.",
        kind=bool,
    )
    mixed_precision: str = option(
        "float32",
        "Arithmetic of the layers; losses and statistics stay float32.",
        ("float32", "bfloat16", "float16"),
        resumed=Resumed(True, True, lambda v: v == "float16"),
    )
    remat: bool = option(
        False,
        "Keep only the outputs of block groups for the backward pass and make "
        "the rest again: less memory, about a third more time.",
    )
    check_memory: bool = option(
        True,
        "Stop before a job that is expected to take more than nine tenths of "
        "the free memory, and say what would help.",
    )
    profile_steps: str | None = option(
        None,
        "First and last step, with a comma, of which training writes a "
        "TensorBoard profile; the ten operations that take longest are "
        "printed.",
        kind=str,
        also=WHOLE_NUMBERS,
        range=Range(
            lambda v: v is None or profiled(v) is not None,
            "two steps 'FIRST,LAST' from 1 on, such as '10,20'",
        ),
    )
    gradient_cache_microbatch: int = option(
        0,
        "Pretraining embeds so many images of a device's share at a time, "
        "which must divide it, and still gets the gradient of the whole "
        "batch; batch normalization takes its moments from each such part. "
        "0: all at once.",
        range=at_least(0, "images"),
        resumed=CHANGES_TRAINING,
    )
