"""Runs code once uncompiled, where compiling takes longer than running."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def not_compiled() -> Iterator[None]:
    """Has each `tf.function` run as written, operation by operation.

    But those of a `tf.data.Dataset`, of which TensorFlow would warn.
    """
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though the `tf.config")
            yield
    finally:
        tf.config.run_functions_eagerly(before)
