"""Encoded images of any common format to RGB."""

import io

import numpy as np
import tensorflow as tf


def decode_image(encoded):
    """Decodes one image.

    JPEG, PNG, WebP, BMP and GIF, the first frame of an animation; grey,
    palette, CMYK and transparent images become RGB, without transparency.

    Args:
      encoded: string scalar.

    Returns:
      uint8 (height, width, 3).

    Raises:
      tf.errors.InvalidArgumentError: If it is no image of these formats.
    """
    pixels = tf.cond(
        _needs_pillow(encoded),
        lambda: tf.numpy_function(_with_pillow, [encoded], tf.uint8, False),
        lambda: decode_in_graph(encoded),
    )
    return tf.ensure_shape(pixels, [None, None, 3])


def decode_in_graph(encoded):
    """`decode_image` for exported models: palette BMP comes out as grey."""
    pixels = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    return tf.ensure_shape(pixels, [None, None, 3])


def _needs_pillow(encoded):
    """Two kinds that TensorFlow cannot read as they are meant.

    It takes a palette BMP for grey, and refuses an animated WebP unless four
    channels are asked for.
    """
    head = tf.io.decode_raw(encoded, tf.uint8, fixed_length=32)  # zeros behind
    few_colors = tf.reduce_any(head[28] == tf.constant([1, 4, 8], tf.uint8))
    palette_bmp = _starts(head, b"BM") & few_colors & (head[29] == 0)
    animated = tf.bitwise.bitwise_and(head[20], tf.constant(2, tf.uint8)) > 0
    return palette_bmp | (_starts(head[8:], b"WEBPVP8X") & animated)


def _starts(head, letters):
    return tf.reduce_all(
        head[: len(letters)] == tf.constant([*letters], tf.uint8)
    )


def _with_pillow(encoded):
    from PIL import Image

    encoded = np.asarray(encoded, object).item()
    with Image.open(io.BytesIO(encoded)) as image:
        return np.asarray(image.convert("RGB"))


def to_float(pixels):
    """uint8 to float32 in [0, 1]; floats pass."""
    return tf.image.convert_image_dtype(pixels, tf.float32)
