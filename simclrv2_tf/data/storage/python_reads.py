"""Encoded images that Python code reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.storage.interface import Storage


class PythonReads(Storage):
    """A storage whose `fetch` calls its `read`."""

    reads_in_python = True

    def read_all(self, indices: np.ndarray) -> np.ndarray:
        """`read` of many, (n,) bytes; b"" for an image that fails."""
        images = np.full(len(indices), b"", object)
        for row, index in enumerate(indices):
            with contextlib.suppress(OSError, ValueError):
                images[row] = self.read(index)
        return images

    def fetch(self) -> Callable[[Any], tf.Tensor]:
        def fetch(numbers):
            numbers = tf.convert_to_tensor(numbers)
            read = self.read_all if numbers.shape.rank else self.read
            images = tf.numpy_function(read, [numbers], tf.string, False)
            return tf.ensure_shape(images, numbers.shape)

        return fetch
