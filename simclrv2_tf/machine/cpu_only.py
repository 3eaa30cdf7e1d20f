"""Whether TensorFlow runs on CPUs only."""

from __future__ import annotations

import tensorflow as tf


def on_processors() -> bool:
    """Whether there is neither a GPU nor a TPU."""
    others = (tf.config.list_logical_devices(kind) for kind in ("GPU", "TPU"))
    return not any(others)
