"""Encoded images of any common format to RGB.

One graph reads the format and the size from the header, refuses what is too
large before anything is decoded, and hands over to the format's decoder. The
same graph serves training, evaluation and exported models.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

from simclrv2_tf.data.decode import bmp
from simclrv2_tf.data.decode import gif
from simclrv2_tf.data.decode import pillow
from simclrv2_tf.data.decode import webp
from simclrv2_tf.data.decode.header import big_endian
from simclrv2_tf.data.decode.header import read_header
from simclrv2_tf.data.decode.header import require
from simclrv2_tf.data.decode.limits import LIMITS
from simclrv2_tf.data.decode.limits import Limits
from simclrv2_tf.data.decode.orientation import upright

JPEG = b"\xff\xd8\xff"
PNG = b"\x89PNG\r\n\x1a\n"
# What other headers begin with, "?" for any byte, in the order of decoders.
_MAGIC = (
    PNG,
    b"GIF8",
    b"RIFF????WEBP",
    b"BM",
)
_ANY = ord("?")
_LONGEST = max(map(len, _MAGIC))


@tf.autograph.experimental.do_not_convert  # nothing to convert, and slow
def decode_image(
    encoded: tf.Tensor, limits: Limits = LIMITS, apply_orientation: bool = False
) -> tf.Tensor:
    """Decodes one image.

    JPEG, PNG, GIF, WebP, BMP and TIFF, the first frame of an animation; grey,
    palette, CMYK and transparent images become RGB, without transparency;
    16 bits a channel are scaled to 8.

    Args:
      encoded: string scalar.
      limits: What is refused before it is decoded.
      apply_orientation: Whether JPEG, PNG, WebP and TIFF are turned as their
        EXIF tag says; it is left alone otherwise.

    Returns:
      uint8 (height, width, 3).

    Raises:
      tf.errors.InvalidArgumentError: If it is no image of these formats, is
        damaged, or exceeds the limits.
    """
    decode_others = functools.partial(
        pillow.decode, apply_orientation=apply_orientation
    )
    return _decode(encoded, limits, decode_others, apply_orientation)


@functools.cache
def decoder(
    apply_orientation: bool = False,
) -> Callable[[tf.Tensor], tf.Tensor]:
    """`decode_image` as one graph: its many small steps are slow apart.

    Nor are they laid out again for each data set that reads images.
    """
    decode = functools.partial(
        decode_image, apply_orientation=apply_orientation
    )
    with tf.init_scope():  # of no data set that is being laid out
        compiled = tf.function(decode, autograph=False)
        return compiled.get_concrete_function(tf.TensorSpec([], tf.string))


@tf.autograph.experimental.do_not_convert
def decode_in_graph(
    encoded: tf.Tensor, limits: Limits = LIMITS, apply_orientation: bool = False
) -> tf.Tensor:
    """`decode_image` for exported models, which hold no Python.

    The same but for TIFF and for BMP compressed or of 16 bits a pixel, which
    are refused.
    """
    return _decode(encoded, limits, _refuse, apply_orientation)


def _decode(encoded, limits, decode_others, apply_orientation):
    size = tf.strings.length(encoded)
    within = require(
        (size > 0) & (size <= limits.max_bytes),
        f"Expected an encoded image of 1 to {limits.max_bytes} bytes. "
        "Received, in bytes:",
        size,
    )
    with tf.control_dependencies(within):
        encoded = tf.identity(encoded)
    # Other headers take a hundred small operations: more than a small JPEG.
    pixels = tf.cond(
        tf.strings.substr(encoded, 0, len(JPEG)) == JPEG,
        lambda: _decode_jpeg(encoded, limits),
        lambda: _decode_others(encoded, limits, decode_others),
    )
    if apply_orientation:
        pixels = upright(pixels, encoded)
    return tf.ensure_shape(pixels, [None, None, 3])


def _decode_jpeg(encoded, limits):
    # The size stands behind segments of any length.
    height, width, _ = tf.unstack(tf.io.extract_jpeg_shape(encoded), 3)
    with tf.control_dependencies(_sized(height, width, limits)):
        return tf.io.decode_jpeg(encoded, channels=3)


def _decode_others(encoded, limits, decode_others):
    header = read_header(encoded)
    decoders = (
        _decode_png,
        _decode_gif,
        _decode_webp,
        functools.partial(_decode_bmp, decode_others=decode_others),
        decode_others,
    )
    branches = [
        functools.partial(decode, encoded, header, limits)
        for decode in decoders
    ]
    return tf.switch_case(_format(header), branches)


def _format(header):
    """Place of the format in `_MAGIC`, or one more for all others."""
    rows = [m.ljust(_LONGEST, b"?") for m in _MAGIC]
    magic = tf.constant([list(row) for row in rows], tf.uint8)
    alike = (magic == header[:_LONGEST]) | (magic == _ANY)
    known = tf.concat([tf.reduce_all(alike, axis=1), [True]], axis=0)
    return tf.argmax(known, output_type=tf.int32)


def _decode_png(encoded, header, limits):
    width, height = big_endian(header, 16), big_endian(header, 20)
    deep = header[24] == 16  # bits a channel

    def scaled():
        pixels = tf.io.decode_png(encoded, channels=3, dtype=tf.uint16)
        return scale_to_8_bits(pixels)

    with tf.control_dependencies(_sized(height, width, limits)):
        return tf.cond(
            deep, scaled, lambda: tf.io.decode_png(encoded, channels=3)
        )


def scale_to_8_bits(pixels: tf.Tensor) -> tf.Tensor:
    """uint16 to uint8: 255 / 65535 of it, rounded to the nearest."""
    return tf.cast((tf.cast(pixels, tf.int32) * 255 + 32767) // 65535, tf.uint8)


def _decode_gif(encoded, header, limits):
    first, height, width = gif.first_frame(encoded, header)
    with tf.control_dependencies(_sized(height, width, limits)):
        return tf.io.decode_gif(first)[0]


def _decode_webp(encoded, header, limits):
    height, width = webp.size(header)
    with tf.control_dependencies(_sized(height, width, limits)):
        return webp.decode(encoded, header)


def _decode_bmp(encoded, header, limits, decode_others):
    def plain():
        with tf.control_dependencies(_sized(*bmp.size(header), limits)):
            return bmp.decode(encoded, header)

    others = functools.partial(decode_others, encoded, header, limits)
    return tf.cond(bmp.is_plain(header), plain, others)


def _sized(height, width, limits):
    """Refuses images without pixels, or with too many."""
    height, width = tf.cast(height, tf.int64), tf.cast(width, tf.int64)
    pixels = height * width
    return require(
        (height > 0) & (width > 0) & (pixels <= limits.max_pixels),
        f"Expected an image of 1 to {limits.max_pixels} pixels. Received, as "
        "height and width:",
        height,
        width,
    )


def _refuse(encoded, header, limits):
    del limits
    words = (
        "Expected an image as JPEG, PNG, GIF, WebP or uncompressed BMP. "
        "Received other data, beginning with the bytes:"
    )
    refused = require(tf.constant(False), words, header[:8])
    with tf.control_dependencies(refused):
        return tf.zeros([1, 1, 3], tf.uint8)


def to_float(pixels: tf.Tensor) -> tf.Tensor:
    """uint8 to float32 in [0, 1]; floats pass."""
    return tf.image.convert_image_dtype(pixels, tf.float32)
