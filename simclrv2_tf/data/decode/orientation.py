"""EXIF's orientation inside the graph: found in the header, and applied.

Cameras store pixels as the sensor lay, and in a tag from 1 to 8 how to turn
them. TensorFlow does not look at it; exported models hold no Python. What
`orientation_tag` reads is the same.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from simclrv2_tf.data.decode.header import big_endian
from simclrv2_tf.data.decode.header import little_endian
from simclrv2_tf.data.decode.header import starts
from simclrv2_tf.data.decode.header import window
from simclrv2_tf.data.decode.orientation_tag import ENTRIES
from simclrv2_tf.data.decode.orientation_tag import EXIF
from simclrv2_tf.data.decode.orientation_tag import MOST_PARTS
from simclrv2_tf.data.decode.orientation_tag import ORIENTATION
from simclrv2_tf.data.decode.orientation_tag import PART
from simclrv2_tf.data.decode.orientation_tag import SHORT
from simclrv2_tf.data.decode.orientation_tag import START_OF_SCAN
from simclrv2_tf.data.decode.orientation_tag import UPRIGHT

# Which tags are mirrored, after the axes of those from 5 on are swapped.
_LEFT_RIGHT, _UPSIDE_DOWN, _SWAPPED = (2, 3, 6, 7), (3, 4, 7, 8), 5


def upright(pixels: tf.Tensor, encoded: tf.Tensor) -> tf.Tensor:
    """An image turned upright by its tag.

    Args:
      pixels: uint8 (height, width, channels).
      encoded: string scalar that they were decoded from: JPEG, PNG or WebP;
        other formats have no tag here.
    """
    tag = find_tag(encoded)
    turned = functools.partial(_turn, pixels, tag)
    return tf.cond(tag == UPRIGHT, lambda: pixels, turned)


def _turn(pixels, tag):
    swapped = tf.cond(
        tag >= _SWAPPED,
        lambda: tf.transpose(pixels, [1, 0, 2]),
        lambda: pixels,
    )
    down, across = _is_among(tag, _UPSIDE_DOWN), _is_among(tag, _LEFT_RIGHT)
    return tf.raw_ops.Reverse(tensor=swapped, dims=[down, across, False])


def _is_among(tag, tags):
    return tf.reduce_any(tag == tags)


def find_tag(encoded: tf.Tensor) -> tf.Tensor:
    """The tag of an encoded image, int32 scalar, `UPRIGHT` if it has none.

    Args:
      encoded: string scalar.
    """
    first = window(encoded, 0, 12)
    kinds = [
        (starts(first, 0, b"\xff\xd8\xff"), _of_jpeg),
        (starts(first, 0, b"\x89PNG"), _of_png),
        (starts(first, 0, b"RIFF") & starts(first, 8, b"WEBP"), _of_webp),
    ]
    return tf.case(
        [(is_kind, functools.partial(of, encoded)) for is_kind, of in kinds],
        default=lambda: tf.constant(UPRIGHT),
    )


def _of_jpeg(encoded):
    def following(part, place):
        is_part = (part[0] == 0xFF) & (part[1] != START_OF_SCAN)
        one = tf.constant(1, tf.int64)
        size = tf.where(part[1] == 0xFF, one, 2 + big_endian(part, 2, 2))
        return tf.where(is_part, place + size, _size(encoded))

    def is_exif(part):
        return starts(part, 0, b"\xff\xe1") & starts(part, 4, EXIF)

    return _of_exif(encoded, _find(encoded, 2, following, is_exif), 10)


def _of_png(encoded):
    def following(part, place):
        return place + 12 + big_endian(part, 0)

    def is_exif(part):
        return starts(part, 4, b"eXIf")

    return _of_exif(encoded, _find(encoded, 8, following, is_exif), 8)


def _of_webp(encoded):
    def following(part, place):
        size = little_endian(part, 4)
        return place + 8 + size + size % 2

    def is_exif(part):
        return starts(part, 0, b"EXIF")

    place = _find(encoded, 12, following, is_exif) + 8
    # Some writers begin it as in JPEG.
    named = starts(window(encoded, place, len(EXIF)), 0, EXIF)
    return _of_exif(encoded, place, tf.where(named, len(EXIF), 0))


def _size(encoded):
    return tf.cast(tf.strings.length(encoded), tf.int64)


def _find(encoded, start, following, is_exif):
    """Place of the first part that is EXIF, or one behind the end."""

    def goes_on(place):
        return (place < _size(encoded)) & ~is_exif(window(encoded, place, PART))

    def onward(place):
        return (following(window(encoded, place, PART), place),)

    start = tf.constant(start, tf.int64)
    return tf.while_loop(
        goes_on, onward, (start,), maximum_iterations=MOST_PARTS
    )[0]


def _of_exif(encoded, place, skip):
    """The tag in EXIF, which begins `skip` bytes behind a place."""
    start = place + tf.cast(skip, tf.int64)
    header = window(encoded, start, 8)
    big = starts(header, 0, b"MM\0*")
    known = big | starts(header, 0, b"II*\0")
    number = functools.partial(_number, big)
    directory = start + number(header[None, 4:8])[0]
    count = number(window(encoded, directory, 2)[None])[0]
    entries = window(encoded, directory + 2, 12 * ENTRIES)
    entries = tf.reshape(entries, [ENTRIES, 12])
    wanted = number(entries[:, 0:2]) == ORIENTATION
    wanted &= number(entries[:, 2:4]) == SHORT
    wanted &= tf.range(ENTRIES, dtype=tf.int64) < count
    tag = tf.gather(number(entries[:, 8:10]), tf.argmax(wanted))
    valid = known & tf.reduce_any(wanted) & (tag >= 1) & (tag <= 8)
    return tf.where(valid, tf.cast(tag, tf.int32), UPRIGHT)


def _number(big, digits):
    """Unsigned numbers, int64 (n,), of bytes (n, 2 or 4)."""
    digits = tf.where(big, digits, digits[:, ::-1])
    weights = [256**power for power in range(digits.shape[1])][::-1]
    weights = tf.constant(weights, tf.int64)
    return tf.reduce_sum(tf.cast(digits, tf.int64) * weights, axis=1)
