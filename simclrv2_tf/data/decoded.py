"""Decoded images of any size, held in memory end to end."""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Decoded:
    """Pixels of many images in one array.

    Attributes:
      pixels: uint8 (bytes,), the images end to end.
      begin: int64 (examples,), where each begins.
      shapes: int32 (examples, 3); an image that could not be read has none,
        (0, 0, 0).
    """

    pixels: np.ndarray
    begin: np.ndarray
    shapes: np.ndarray

    def __getitem__(self, indices):
        return Decoded(self.pixels, self.begin[indices], self.shapes[indices])

    def fetch(self):
        """A function from numbers to images, uint8 (height, width, channels).

        It fails where there is no image.
        """
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
