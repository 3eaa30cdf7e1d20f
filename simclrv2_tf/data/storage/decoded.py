"""Decoded images of many sizes, in memory end to end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.storage.interface import Fingerprint
from simclrv2_tf.data.storage.interface import Storage


@dataclasses.dataclass(frozen=True)
class Decoded(Storage):
    """Pixels of many images in one array.

    Attributes:
      pixels: uint8 (bytes,), the images end to end.
      begin: int64 (examples,), where each begins.
      shapes: int32 (examples, 3); an image that could not be read has none,
        (0, 0, 0).
    """

    encoded = False
    kind = "decoded"

    pixels: np.ndarray
    begin: np.ndarray
    shapes: np.ndarray

    @classmethod
    def of_images(cls, images: list[np.ndarray]) -> Decoded:
        """From images uint8 (height, width, 3); an empty one has no shape."""
        shapes = np.zeros((len(images), 3), np.int32)
        for number, image in enumerate(images):
            shapes[number] = image.shape if image.size else 0
        pixels = np.concatenate([image.ravel() for image in images])
        return cls.of_shapes(pixels, shapes)

    @classmethod
    def of_shapes(cls, pixels: np.ndarray, shapes: np.ndarray) -> Decoded:
        """From images uint8 (bytes,) end to end, and the shape of each."""
        ends = np.cumsum(shapes.prod(axis=1, dtype=np.int64))
        return cls(pixels, np.concatenate([[0], ends[:-1]]), shapes)

    def __len__(self) -> int:
        return len(self.begin)

    def subset(self, indices: np.ndarray) -> Decoded:
        return Decoded(self.pixels, self.begin[indices], self.shapes[indices])

    def read(self, index: int) -> np.ndarray:
        """One image.

        Raises:
          ValueError: If it could not be read when all were decoded.
        """
        begin, shape = self.begin[index], self.shapes[index]
        if not shape.all():
            raise ValueError(f"The image {index} could not be decoded.")
        return self.pixels[begin : begin + shape.prod()].reshape(shape)

    def fetch(self) -> Callable[[Any], tf.Tensor]:
        with tf.device("CPU"):
            pixels, begin, shapes = map(
                tf.constant, (self.pixels, self.begin, self.shapes)
            )

        def image(index):
            shape = tf.gather(shapes, index)
            size = tf.reduce_prod(tf.cast(shape, tf.int64))
            check = tf.debugging.assert_positive(size, "no image")
            with tf.control_dependencies([check]):
                start = tf.gather(begin, index)
                return tf.reshape(tf.slice(pixels, [start], [size]), shape)

        return image

    def fingerprint(self) -> Fingerprint:
        return Fingerprint()
