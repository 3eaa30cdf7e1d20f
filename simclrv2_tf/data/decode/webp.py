"""WebP inside the graph: `tf.io.decode_image` refuses opaque animations.

Nor does TensorFlow tell a WebP's size before it decodes it. Pillow does both,
but is Python, which exported models have not.
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.decode.header import bit
from simclrv2_tf.data.decode.header import little_endian
from simclrv2_tf.data.decode.header import starts

_FLAGS = 20  # byte of an extended header
_ALPHA, _ANIMATION = 0x10, 0x02
_SIDE = 2**14 - 1  # bits of a side that lossy and lossless headers hold


def size(header: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Height and width in pixels, int64, from the three kinds of header.

    Args:
      header: uint8 (HEADER_BYTES,), beginning with "RIFF????WEBP".
    """
    bits = little_endian(header, 21)
    lossless = (_low(bits // (_SIDE + 1)) + 1, _low(bits) + 1)
    lossy = (
        _low(little_endian(header, 28, 2)),
        _low(little_endian(header, 26, 2)),
    )
    extended = (
        little_endian(header, 27, 3) + 1,
        little_endian(header, 24, 3) + 1,
    )
    plain = tf.where(starts(header, 12, b"VP8L"), lossless, lossy)
    sides = tf.where(starts(header, 12, b"VP8X"), extended, plain)
    return sides[0], sides[1]


def _low(number):
    return tf.bitwise.bitwise_and(number, tf.constant(_SIDE, tf.int64))


def decode(encoded: tf.Tensor, header: tf.Tensor) -> tf.Tensor:
    """Decodes the image, or the first frame of an animation.

    TensorFlow decodes animations into four channels alone, refuses those whose
    header has no flag of transparency, and with `channels=0` writes past the
    end of its buffer for them. With the flag set it decodes all correctly.

    Args:
      encoded: string scalar.
      header: uint8 (HEADER_BYTES,).

    Returns:
      uint8 (height, width, 3).
    """
    animated = starts(header, 12, b"VP8X") & bit(header, _FLAGS, _ANIMATION)

    def first_frame():
        marked = _with_alpha(encoded, header)
        return tf.io.decode_image(marked, channels=4, expand_animations=False)

    def still():
        return tf.io.decode_image(encoded, expand_animations=False)

    pixels = tf.cond(animated, first_frame, still)
    pixels = tf.ensure_shape(pixels, [None, None, None])
    return pixels[:, :, :3]


def _with_alpha(encoded, header):
    """The same file, its flag of transparency set."""
    bytes_ = tf.constant([bytes([i | _ALPHA]) for i in range(256)])
    flags = tf.gather(bytes_, tf.cast(header[_FLAGS], tf.int32))
    before = tf.strings.substr(encoded, 0, _FLAGS)
    rest = tf.strings.substr(encoded, _FLAGS + 1, tf.strings.length(encoded))
    return tf.strings.join([before, flags, rest])
