"""The first frame of a GIF: `tf.io.decode_gif` unpacks all to give one.

A small file can hold frames beyond all memory. What is behind the first is
therefore cut off, inside the graph: Pillow reads single frames, but is Python,
which exported models have not.
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.decode.header import little_endian
from simclrv2_tf.data.decode.header import require
from simclrv2_tf.data.decode.header import window

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, b"\x3b"
_SCREEN = 13  # bytes before the first color table
_DESCRIPTOR = 10  # bytes of an image's
_TABLE, _TABLE_SIZE = 0x80, 0x07  # bits of a byte that tells of color table
_WINDOW_BITS = 13  # bytes that are looked at together, as a power of two
_WINDOW = 2**_WINDOW_BITS
_MOST_EXTENSIONS = 64  # before the first image


def first_frame(
    encoded: tf.Tensor, header: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Cuts a GIF behind its first image.

    Args:
      encoded: string scalar.
      header: uint8 (HEADER_BYTES,).

    Returns:
      string scalar, and the image's height and width, int64.
    """
    start = _behind_extensions(encoded, _SCREEN + _table_bytes(header[10]))
    descriptor = window(encoded, start, _DESCRIPTOR)
    is_image = require(
        descriptor[0] == _IMAGE,
        "Expected a GIF with an image behind at most "
        f"{_MOST_EXTENSIONS} extensions. Received, at its place, byte:",
        descriptor[0],
    )
    with tf.control_dependencies(is_image):
        data = start + _DESCRIPTOR + _table_bytes(descriptor[9]) + 1
        end = _behind_blocks(encoded, data)
    cut = tf.strings.join([tf.strings.substr(encoded, 0, end), _TRAILER])
    height, width = (little_endian(descriptor, at, 2) for at in (7, 5))
    return cut, height, width


def _table_bytes(flags):
    """Bytes of the color table that a byte of flags tells of."""
    flags = tf.cast(flags, tf.int32)
    bits = tf.bitwise.bitwise_and(flags, _TABLE_SIZE) + 1
    size = 3 * tf.bitwise.left_shift(1, bits)
    return tf.where(tf.bitwise.bitwise_and(flags, _TABLE) > 0, size, 0)


def _behind_extensions(encoded, place):
    """The first place that is no extension."""

    def is_extension(place):
        return window(encoded, place, 1)[0] == _EXTENSION

    return tf.while_loop(
        is_extension,
        lambda place: (_behind_blocks(encoded, place + 2),),
        (place,),
        maximum_iterations=_MOST_EXTENSIONS,
    )[0]


def _behind_blocks(encoded, place):
    """The place behind a chain of blocks, each led by its length.

    A block of length 0 ends the chain; so does the end of the file.
    """
    total = tf.strings.length(encoded)

    def goes_on(place, ended):
        return ~ended & (place < total)

    def through_window(place, ended):
        del ended
        lengths = tf.cast(window(encoded, place, _WINDOW), tf.int32)
        reached = _follow(lengths)
        ended = (reached < _WINDOW) & (place + reached < total)
        return place + reached + tf.cast(ended, tf.int32), ended

    return tf.while_loop(goes_on, through_window, (place, tf.constant(False)))[
        0
    ]


def _follow(lengths):
    """From place 0 from block to block, to a length of 0 or out of the window.

    The step from every place is taken at once and doubled until it covers the
    window, so that a chain of tiny blocks takes no longer than any other.

    Args:
      lengths: int32 (_WINDOW,), the number at every place.
    """
    places = tf.range(_WINDOW)
    step = tf.where(lengths > 0, places + lengths + 1, places)
    beyond = tf.range(_WINDOW, _WINDOW + 256)  # those stay where they are
    step = tf.concat([step, beyond], axis=0)
    for _ in range(_WINDOW_BITS):
        step = tf.gather(step, step)
    return step[0]
