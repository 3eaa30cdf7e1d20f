"""float32 with all its digits, on GPUs too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def full_float32() -> Iterator[None]:
    """Products and convolutions of float32 keep its 24 bits meanwhile.

    NVIDIA's GPUs since Ampere round their factors to 11 bits (TF32) unless
    they are told not to, which is 1e-4 and more of an endpoint.
    """
    settings = tf.config.experimental
    before = settings.tensor_float_32_execution_enabled()
    settings.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        settings.enable_tensor_float_32_execution(before)
