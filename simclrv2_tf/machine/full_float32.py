"""float32 with all its digits, on GPUs too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def full_float32() -> Iterator[None]:
    """A context in which products and convolutions keep float32's 24 bits.

    NVIDIA's GPUs since Ampere round the factors to 11 bits (TF32) by default,
    an error of 1e-4 and more in an endpoint.
    """
    settings = tf.config.experimental
    before = settings.tensor_float_32_execution_enabled()
    settings.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        settings.enable_tensor_float_32_execution(before)
