"""The arithmetic of the layers, and whether the devices are made for it."""

from __future__ import annotations

import contextlib
import logging
import pathlib
from collections.abc import Iterator

import tensorflow as tf

from simclrv2_tf.models.dtype_policy import dtype_policy

_LOG = logging.getLogger("simclrv2_tf")

POLICIES = {
    "float32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}
# Lowest compute capability with matrix units for it (NVIDIA's table).
_GPU = {"float16": (7, 0), "bfloat16": (8, 0)}
# Any of these in Linux's list of a processor's features (x86, ARM).
_CPU = {
    "float16": ("avx512_fp16", "amx_fp16", "asimdhp"),
    "bfloat16": ("avx512_bf16", "amx_bf16", "bf16"),
}


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """A context in which layers are built for this arithmetic.

    In "bfloat16" and "float16" they multiply in 16 bits and keep their
    weights in float32; normalization takes its moments, and losses and
    optimizers do all of their work, in float32. For "float16" a stage scales
    its loss and takes back what overflowed: Keras wraps the optimizer.

    Args:
      name: "float32", "bfloat16" or "float16".
    """
    with dtype_policy(POLICIES[name]):
        yield


def warn_if_emulated(name: str) -> None:
    """Logs a warning where the devices have no native support for it."""
    lacking = None if name == "float32" else lacking_device(name)
    if lacking:
        _LOG.warning(
            "mixed_precision=%s: %s has no native %s, so training will not be "
            "faster for it and may be much slower",
            name,
            lacking,
            name,
        )


def lacking_device(name: str) -> str | None:
    """A device that only emulates this arithmetic, in words; None if none.

    TPUs, then GPUs, then the CPU: of these kinds the first that is there.

    Args:
      name: "bfloat16" or "float16".
    """
    if tf.config.list_logical_devices("TPU"):
        return "a TPU" if name == "float16" else None
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        details = tf.config.experimental.get_device_details(gpu)
        capability = details.get("compute_capability", (99, 0))
        if capability < _GPU[name]:
            number = ".".join(map(str, capability))
            model = details.get("device_name", "the GPU")
            return f"{model} (compute capability {number})"
    features = None if gpus else cpu_features()
    if features is None or features & set(_CPU[name]):
        return None
    return "this CPU"


def cpu_features(path: str = "/proc/cpuinfo") -> set[str] | None:
    """The processor's features, a set; None where the system hides them."""
    try:
        text = pathlib.Path(path).read_text()
    except OSError:
        return None
    for line in text.splitlines():
        name, _, values = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(values.split())
    return None
