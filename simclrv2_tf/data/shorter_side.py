"""Larger images reduced as they are decoded, so that none of them is lost.

A view of 32 pixels out of a photograph of thousands, resized without
antialiasing as the original release does it, sees a few of its pixels and no
more.
"""

from __future__ import annotations

import tensorflow as tf


def reduce_image(image: tf.Tensor, side: int) -> tf.Tensor:
    """An image whose shorter side has at most so many pixels.

    Bicubic with antialiasing, the shape kept to within a pixel. What is no
    larger stays as it is, bit for bit.

    Args:
      image: uint8 or uint16, or float32 in [0, 1], (..., height, width,
        channels).
      side: Of the shorter side in pixels, 1 or more.

    Returns:
      The type and number of dimensions of `image`.
    """
    if None not in image.shape[-3:-1]:
        height, width = image.shape[-3:-1]
        if min(height, width) <= side:
            return image
        return _resized(image, reduced_shape((height, width), side))
    sides = tf.unstack(tf.shape(image)[-3:-1])
    smaller = tf.cond(
        tf.reduce_min(sides) <= side,
        lambda: image,
        lambda: _resized(image, reduced_shape(sides, side)),
    )
    return tf.ensure_shape(
        smaller, [*image.shape[:-3], None, None, image.shape[-1]]
    )


def reduced_shape(shape, side: int) -> tuple:
    """Height and width of a larger image that is reduced, halves rounded up.

    Args:
      shape: (height, width), of which the shorter is more than `side`; numbers
        or tensors, int.
      side: See `reduce_image`.
    """
    height, width = shape
    shorter = tf.minimum(height, width) if tf.is_tensor(height) else min(shape)
    return tuple(
        (2 * length * side + shorter) // (2 * shorter)
        for length in (height, width)
    )


def _resized(image, size):
    method = tf.image.ResizeMethod.BICUBIC
    # As it is: a photograph of floats would take four times the memory.
    smaller = tf.image.resize(image, size, method, antialias=True)
    if not image.dtype.is_integer:
        return tf.clip_by_value(smaller, 0.0, 1.0)
    whole = tf.clip_by_value(tf.round(smaller), 0.0, float(image.dtype.max))
    return tf.cast(whole, image.dtype)
