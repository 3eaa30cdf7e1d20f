"""Colour operations on batches: pure, one amount per image.

They work on planes, float (3, batch, pixels): with the colours first the
compiler can run along the pixels. Brightness and contrast take any number of
planes.
"""

from __future__ import annotations

import tensorflow as tf

# ITU-R BT.601 luma, as in tf.image.rgb_to_grayscale.
LUMA = (0.2989, 0.5870, 0.1140)


def luma(red: tf.Tensor, green: tf.Tensor, blue: tf.Tensor) -> tf.Tensor:
    """Weighted sum of the colours: their luma.

    Args:
      red: float, of any shape; green and blue have the same.
      green: As `red`.
      blue: As `red`.

    Returns:
      float of that shape, in the range of the colours to 1e-4.
    """
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def adjust_brightness(planes: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Brightness times a factor.

    Args:
      planes: float (planes, batch, pixels).
      factor: float (batch,), 0 or more.

    Returns:
      planes * factor, of the same shape and dtype, not clipped.
    """
    return planes * factor[:, None]


def add_brightness(planes: tf.Tensor, delta: tf.Tensor) -> tf.Tensor:
    """Brightness plus a number: the form of SimCLR version 1.

    Args:
      planes: float (planes, batch, pixels).
      delta: float (batch,).

    Returns:
      planes + delta, of the same shape and dtype, not clipped.
    """
    return planes + delta[:, None]


def adjust_contrast(planes: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Distance from each plane's mean times a factor.

    Args:
      planes: float (planes, batch, pixels).
      factor: float (batch,), 0 or more.

    Returns:
      float of the same shape and dtype, not clipped.
    """
    return affine(planes, factor, 1.0 - factor, tf.zeros_like(factor))


def affine(
    planes: tf.Tensor, gain: tf.Tensor, blend: tf.Tensor, shift: tf.Tensor
) -> tf.Tensor:
    """gain * planes + blend * each plane's mean + shift.

    Args:
      planes: float (planes, batch, pixels).
      gain: float (batch,).
      blend: float (batch,).
      shift: float (batch,).

    Returns:
      float of the planes' shape and dtype, not clipped.
    """
    mean = tf.reduce_mean(planes, axis=-1, keepdims=True)
    offset = mean * blend[:, None] + shift[:, None]
    return planes * gain[:, None] + offset


def adjust_hsv(
    red: tf.Tensor,
    green: tf.Tensor,
    blue: tf.Tensor,
    factor: tf.Tensor,
    delta: tf.Tensor,
) -> list[tf.Tensor]:
    """HSV saturation times a factor, and hue plus a share of a turn.

    The value stays: the largest of the three. Planes come and go one by one:
    of a stack, the compiler would work out the hue anew for each plane.

    Args:
      red: float (batch, pixels), 0 or more.
      green: As `red`.
      blue: As `red`.
      factor: float (batch,), 0 or more; saturation ends at 1.
      delta: float (batch,), turns.

    Returns:
      Red, green and blue, as they came, from 0 to the value of each pixel.
    """
    value = tf.maximum(tf.maximum(red, green), blue)
    chroma = value - tf.minimum(tf.minimum(red, green), blue)
    hue = _hue(red, green, blue, value, chroma) + 6.0 * delta[:, None]
    hue -= 6.0 * tf.floor(hue * (1.0 / 6.0))
    chroma = tf.minimum(chroma * factor[:, None], value)  # saturation up to 1
    least = value - chroma
    shares = (
        tf.abs(hue - 3.0) - 1.0,
        2.0 - tf.abs(hue - 2.0),
        2.0 - tf.abs(hue - 4.0),
    )
    return [
        least + chroma * tf.clip_by_value(share, 0.0, 1.0) for share in shares
    ]


def _hue(red, green, blue, value, chroma):
    """Hue in sixths of a turn; 0 where there is no colour."""
    scale = tf.math.divide_no_nan(1.0, chroma)
    second = tf.where(
        value == green, 2.0 + (blue - red) * scale, 4.0 + (red - green) * scale
    )
    return tf.where(value == red, (green - blue) * scale, second)
