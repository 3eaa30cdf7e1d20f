"""Encoded images of any common format to RGB."""

import io

import numpy as np
import tensorflow as tf


def decode_image(encoded):
    """Decodes one image.

    JPEG, PNG, WebP, BMP and GIF (first frame); grey, palette, CMYK and
    transparent images become RGB, the transparency being dropped.

    Args:
      encoded: string scalar.

    Returns:
      uint8 (height, width, 3).

    Raises:
      tf.errors.InvalidArgumentError: If it is no image of these formats.
    """
    pixels = tf.cond(
        _is_palette_bmp(encoded),
        lambda: tf.numpy_function(_with_pillow, [encoded], tf.uint8, False),
        lambda: decode_in_graph(encoded),
    )
    return tf.ensure_shape(pixels, [None, None, 3])


def decode_in_graph(encoded):
    """`decode_image` for exported models: palette BMP comes out as grey."""
    pixels = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    return tf.ensure_shape(pixels, [None, None, 3])


def _is_palette_bmp(encoded):
    """TensorFlow reads a palette BMP as grey, so it goes through Pillow."""
    header = tf.strings.substr(encoded, 0, 2)
    depth = tf.strings.substr(encoded, 28, 2)
    known = [b"\x01\x00", b"\x04\x00", b"\x08\x00"]
    few_colors = tf.reduce_any([tf.equal(depth, value) for value in known])
    long_enough = tf.strings.length(encoded) > 30
    return tf.equal(header, "BM") & few_colors & long_enough


def _with_pillow(encoded):
    from PIL import Image

    encoded = np.asarray(encoded, object).item()
    with Image.open(io.BytesIO(encoded)) as image:
        return np.asarray(image.convert("RGB"))


def to_float(pixels):
    """uint8 to float32 in [0, 1]; floats pass."""
    return tf.image.convert_image_dtype(pixels, tf.float32)
