"""GPUs as a command finds them: shared with others, and not passed over."""

from __future__ import annotations

import logging
import os
import pathlib

import tensorflow as tf

DRIVERS = "/proc/driver/nvidia/gpus"  # a folder for each GPU of the machine
_GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_LOG = logging.getLogger("simclrv2_tf")


def set_up() -> None:
    """Call this once TensorFlow is loaded, before it computes anything."""
    gpus = tf.config.list_physical_devices("GPU")
    if _GROWTH not in os.environ:
        _share_memory(gpus)
    if not gpus and _driven() and not _hidden():
        _LOG.warning(
            "This machine has an NVIDIA GPU that TensorFlow cannot use, and "
            "processors compute in its place: install its libraries with "
            "pip install 'simclrv2_tf[cuda]', or set %s=-1 to do without; "
            "--verbosity=1 shows what TensorFlow says of it.",
            _VISIBLE,
        )


def _share_memory(gpus):
    """Takes memory as it is needed, so that several processes share a GPU.

    TensorFlow would take nearly all of it at once.
    """
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has it already: the caller's choice
            return


def _driven():
    """Whether the driver knows a GPU."""
    return any(pathlib.Path(DRIVERS).glob("*"))


def _hidden():
    """Whether the environment leaves TensorFlow no GPU: "" or "-1"."""
    first = os.environ.get(_VISIBLE, "0").split(",")[0].strip()
    return not first.isdigit() and not first.startswith(("GPU-", "MIG-"))
