"""Images that stay in a file of numbers until some of them are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.storage.in_memory import InMemory
from simclrv2_tf.data.storage.interface import Fingerprint
from simclrv2_tf.data.storage.interface import Storage


class Mapped(Storage):
    """Images of one size in a file of numbers.

    Args:
      array: `np.memmap`, (images, height, width, channels).
      numbers: int (n,), the rows that this storage has; None for all.
    """

    encoded = False
    kind = "images"
    reads_in_python = True

    def __init__(self, array: np.memmap, numbers: np.ndarray | None = None):
        self._array = array
        self._numbers = np.arange(len(array)) if numbers is None else numbers

    @property
    def image_shape(self) -> tuple:
        return self._array.shape[1:]

    @property
    def dtype(self) -> np.dtype:
        return self._array.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that the images take in memory."""
        return len(self) * int(np.prod(self.image_shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._numbers)

    def subset(self, indices: np.ndarray) -> Mapped:
        return Mapped(self._array, self._numbers[indices])

    def read(self, index: int | slice | np.ndarray) -> np.ndarray:
        """One image; many for a slice or an array of numbers."""
        return np.array(self._array[self._numbers[index]])

    def fetch(self) -> Callable[[Any], tf.Tensor]:
        def fetch(numbers):
            numbers = tf.convert_to_tensor(numbers)
            pixels = tf.numpy_function(self.read, [numbers], self.dtype, False)
            return tf.ensure_shape(pixels, [*numbers.shape, *self.image_shape])

        return fetch

    def in_memory(self) -> InMemory:
        return InMemory(self.read(slice(None)), part=True)

    def fingerprint(self) -> Fingerprint:
        return Fingerprint((len(self), *self.image_shape), str(self.dtype))

    def __repr__(self) -> str:
        """The same text in every process: fingerprints of runs hold it."""
        rows = hashlib.sha256(self._numbers.tobytes()).hexdigest()[:16]
        return (
            f"Mapped(file={self._array.filename!r}, "
            f"offset={self._array.offset}, shape={self._array.shape}, "
            f"dtype={str(self.dtype)!r}, rows={rows!r})"
        )

    def __reduce__(self):
        """Another process gets the rows themselves, and no others."""
        return InMemory, (self.read(slice(None)), True)
