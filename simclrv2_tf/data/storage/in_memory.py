"""Arrays in memory, a row for each image."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.storage.interface import Fingerprint
from simclrv2_tf.data.storage.interface import Storage


@dataclasses.dataclass(frozen=True)
class ArrayStorage(Storage):
    """What stands in one array; arrays of one kind can be joined.

    Attributes:
      array: Rows first.
    """

    array: np.ndarray

    def __len__(self) -> int:
        return len(self.array)

    def subset(self, indices: np.ndarray) -> ArrayStorage:
        return type(self)(self.array[indices])

    def read(self, index: int) -> Any:
        return self.array[index]

    def contents(self) -> np.ndarray:
        return self.array


@dataclasses.dataclass(frozen=True)
class InMemory(ArrayStorage):
    """Images of one size: uint8, or float in [0, 1], (n, height, width, c).

    Attributes:
      array: Rows first.
      part: Whether they are some of many whose white is known to be 255, so
        that these may be as dark as they are.
    """

    encoded = False
    kind = "images"

    part: bool = False

    @property
    def image_shape(self) -> tuple:
        return self.array.shape[1:]

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    def subset(self, indices: np.ndarray) -> InMemory:
        bright = self.part or not _is_dark(self.array)
        return InMemory(self.array[indices], bright)

    def fetch(self) -> Callable[[Any], tf.Tensor]:
        """See `Storage.fetch`.

        Raises:
          ValueError: As `to_pixels`.
        """
        trusted = self.part and self.array.dtype == np.uint8
        with tf.device("CPU"):
            images = tf.constant(
                self.array if trusted else to_pixels(self.array)
            )
        return lambda i: tf.gather(images, i)

    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self.array.shape, str(self.array.dtype))


def to_pixels(images: np.ndarray) -> np.ndarray:
    """Images as they are used: uint8, or float32 in [0, 1].

    Raises:
      ValueError: If floats are outside, or uint8 hold 0 and 1 alone.
    """
    if images.dtype == np.uint8:
        _check_not_dark(images)
        return images
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            "Images must be in [0, 1], or uint8: divide by what is white, and "
            f"apply no mean or deviation. Received: from {low:g} to {high:g}"
        )
    return images.astype(np.float32, copy=False)


def _check_not_dark(images):
    """Raises a ValueError for uint8 images of zeros and ones.

    They may be a mask or almost black. Zeros alone are black in either case.
    """
    if _is_dark(images):
        raise ValueError(
            "Images as uint8 must have 255 for white: multiply by 255, or give "
            "floats in [0, 1], which are this / 255 for images as dark as "
            "that. Received: no value above 1"
        )


def _is_dark(images):
    """Whether uint8 have no value above 1, but a 1."""
    if images.dtype != np.uint8 or not images.size or images[0].max() > 1:
        return False  # the first image alone tells, mostly
    return images.max() == 1
