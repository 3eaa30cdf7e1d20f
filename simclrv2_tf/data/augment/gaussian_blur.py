"""Gaussian blur of batches."""

from __future__ import annotations

import tensorflow as tf


def gaussian_kernel(kernel_size: float, sigma: tf.Tensor) -> tf.Tensor:
    """Weights of a blur of 2 * int(kernel_size / 2) + 1 pixels.

    Args:
      kernel_size: Wanted width in pixels.
      sigma: Standard deviation in pixels, float (batch,).

    Returns:
      float32 (batch, width), each row of sum 1.
    """
    radius = int(kernel_size / 2)
    places = tf.range(-radius, radius + 1, dtype=tf.float32)
    weights = tf.exp(-(places**2) / (2.0 * sigma[:, None] ** 2))
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def gaussian_blur(
    images: tf.Tensor, kernel_size: float, sigma: float | tf.Tensor
) -> tf.Tensor:
    """Blurs rows, then columns; what lies outside an image counts as 0.

    Args:
      images: float (batch, height, width, channels).
      kernel_size: See `gaussian_kernel`.
      sigma: Standard deviation in pixels, above 0: a scalar, or float
        (batch,).

    Returns:
      Blurred images, of the same shape and dtype.
    """
    sigma = tf.broadcast_to(tf.cast(sigma, tf.float32), [tf.shape(images)[0]])
    planes = tf.transpose(images, [3, 0, 1, 2])
    blurred = blur_planes(planes, kernel_size, sigma)
    return tf.transpose(blurred, [1, 2, 3, 0])


def blur_planes(
    planes: tf.Tensor, kernel_size: float, sigma: tf.Tensor
) -> tf.Tensor:
    """`gaussian_blur` of planes, (channels, batch, height, width)."""
    weights = tf.cast(gaussian_kernel(kernel_size, sigma), planes.dtype)
    return _along(_along(planes, weights, axis=3), weights, axis=2)


def _along(planes, weights, axis):
    """A weighted sum of shifted planes, fused by the compiler."""
    width = weights.shape[1]
    padding = [[0, 0]] * 4
    padding[axis] = [width // 2, width // 2]
    padded = tf.pad(planes, padding)
    size = tf.shape(planes)
    total = tf.zeros_like(planes)
    for shift in range(width):
        begin = [shift if a == axis else 0 for a in range(4)]
        weight = weights[None, :, shift, None, None]
        total += weight * tf.slice(padded, begin, size)
    return total
