"""A convolution whose filter gradient is quick on processors in bfloat16.

oneDNN takes three times as long for the gradient of a filter as for the
convolution where images are a few pixels wide, and longer than in float32. As
nine matrix products, one for each place of the kernel, it takes a third to a
half of that. With more pixels, or fewer channels, little or nothing is gained,
and what the products read takes memory (docs/peers.md).
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.machine.cpu_only import on_processors

CHANNELS = 8  # for each pixel of an image, from which products are quicker


def is_slow(inputs: tf.Tensor, kernel: tf.Tensor) -> bool:
    """Whether `convolve` is the better way for a convolution of stride 1.

    Args:
      inputs: (batch, height, width, channels).
      kernel: (rows, columns, channels, filters).
    """
    height, width, channels = inputs.shape[1:]
    if inputs.dtype != tf.bfloat16 or not height or not width:
        return False
    rows, columns = kernel.shape[:2]
    if rows % 2 == 0 or columns % 2 == 0 or rows * columns == 1:
        return False
    return channels >= CHANNELS * height * width and on_processors()


@tf.custom_gradient
def convolve(inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`tf.nn.conv2d` of stride 1 with "SAME" padding, a kernel of odd sides.

    Args:
      inputs: (batch, height, width, channels), height and width known.
      kernel: (rows, columns, channels, filters).

    Returns:
      (batch, height, width, filters).
    """

    def gradient(upstream):
        to_inputs = tf.nn.conv2d_transpose(
            upstream, kernel, tf.shape(inputs), 1, "SAME"
        )
        return to_inputs, _to_kernel(inputs, kernel.shape, upstream)

    return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradient


def _to_kernel(inputs, shape, upstream):
    """The filter's gradient, a product for each of its places."""
    rows, columns, channels, filters = shape
    height, width = inputs.shape[1:3]
    around = [[side // 2, side // 2] for side in (rows, columns)]
    padded = tf.pad(inputs, [[0, 0], *around, [0, 0]])
    upstream = tf.reshape(upstream, [-1, filters])
    products = [
        tf.matmul(
            tf.reshape(
                padded[:, y : y + height, x : x + width], [-1, channels]
            ),
            upstream,
            transpose_a=True,
        )
        for y in range(rows)
        for x in range(columns)
    ]
    return tf.reshape(tf.stack(products), shape)
