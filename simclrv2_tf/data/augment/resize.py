"""Bicubic resizing as matrices, so that a whole batch is two products.

Number by number the weights of `tf.image.resize(…, "bicubic")` without
antialiasing: the cubic of a = -0.5 at centres of pixels, places rounded to
1/1024 of a pixel, weights of the pixels that are there scaled to sum 1.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

STEPS = 1024  # in a pixel; TensorFlow looks its weights up in a table


def cubic(distance: tf.Tensor) -> tf.Tensor:
    """Weight of a pixel by its distance, in pixels; 0 from 2 on."""
    d = tf.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1.0
    far = ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    return tf.where(d < 1.0, near, tf.where(d < 2.0, far, 0.0))


def matrices(
    begin: tf.Tensor,
    size: tf.Tensor,
    outputs: int,
    length: int,
    reverse: tf.Tensor | None = None,
) -> tf.Tensor:
    """What each output takes from each pixel, along one side of a crop.

    Args:
      begin: First pixel of the crops, int (batch,).
      size: Pixels of the crops, int (batch,).
      outputs: Pixels after resizing.
      length: Pixels of this side of the whole images.
      reverse: Which outputs run backwards, bool (batch,); None for none.

    Returns:
      float32 (batch, outputs, length); what lies outside a crop weighs 0.
    """
    begin = tf.cast(begin, tf.float32)[:, None]
    size = tf.cast(size, tf.float32)[:, None]
    output = tf.range(outputs, dtype=tf.float32)[None]
    if reverse is not None:
        output = tf.where(reverse[:, None], outputs - 1.0 - output, output)
    place = (output + 0.5) * (size / outputs) - 0.5
    whole = tf.floor(place)
    place = whole + tf.math.rint((place - whole) * STEPS) / STEPS
    pixel = tf.range(length, dtype=tf.float32)[None] - begin
    inside = (pixel >= 0.0) & (pixel < size)
    weights = cubic(pixel[:, None, :] - place[:, :, None])
    weights = tf.where(inside[:, None, :], weights, 0.0)
    return weights / tf.reduce_sum(weights, axis=-1, keepdims=True)


def shrink(images: tf.Tensor, size: int) -> tf.Tensor:
    """Smaller images, each pixel from all those in its place.

    Bicubic with antialiasing, as `tf.image.resize` does it on the processor
    alone; here as two products, which every device has.

    Args:
      images: float32 (batch, rows, columns, channels) in [0, 1].
      size: Wanted side in pixels; images that are no larger stay as they are.

    Returns:
      float32 (batch, size, size, channels) in [0, 1].
    """
    rows, columns = images.shape[1:3]
    if max(rows, columns) <= size:
        return images
    down, across = _averages(rows, size), _averages(columns, size)
    smaller = tf.einsum("or,brcd->bocd", down, images)
    smaller = tf.einsum("oc,brcd->brod", across, smaller)
    return tf.clip_by_value(smaller, 0.0, 1.0)


def _averages(length, outputs):
    """What each output takes from each pixel, float32 (outputs, length)."""
    scale = max(length / outputs, 1.0)
    places = (np.arange(outputs) + 0.5) * length / outputs - 0.5
    distances = (np.arange(length) - places[:, None]) / scale
    with tf.init_scope():  # numbers, also where a graph is made
        weights = cubic(tf.constant(distances)).numpy()
    weights = weights / weights.sum(axis=1, keepdims=True)
    return tf.constant(weights, tf.float32)


def resize_crops(
    images: tf.Tensor,
    boxes: tf.Tensor,
    height: int,
    width: int,
    mirrored: tf.Tensor | None = None,
) -> tf.Tensor:
    """Cuts a crop from each image and resizes it.

    Args:
      images: float32 (batch, rows, columns, channels).
      boxes: int32 (batch, 4): top, left, rows and columns of each crop.
      height: Wanted height in pixels.
      width: Wanted width in pixels.
      mirrored: Which crops are mirrored left to right, bool (batch,).

    Returns:
      float32 (batch, height, width, channels).
    """
    rows, columns, channels = images.shape[1:]
    top, left, tall, wide = tf.unstack(boxes, axis=1)
    down = matrices(top, tall, height, rows)
    across = matrices(left, wide, width, columns, mirrored)
    lines = tf.reshape(images, [-1, rows, columns * channels])
    lines = tf.reshape(down @ lines, [-1, height, columns, channels])
    lines = tf.transpose(lines, [0, 2, 1, 3])  # columns first
    lines = tf.reshape(lines, [-1, columns, height * channels])
    crops = tf.reshape(across @ lines, [-1, width, height, channels])
    return tf.transpose(crops, [0, 2, 1, 3])
