"""BMP inside the graph: `tf.io.decode_bmp` takes palette numbers for grey.

Pillow knows palettes, but is Python, which exported models have not; it reads
the compressed kinds in training (`pillow`).
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.decode.header import little_endian
from simclrv2_tf.data.decode.header import require

_FILE_HEADER = 14  # bytes before the header whose first number is its size
_SHORTEST = 40  # bytes of that header since Windows 3
_PLAIN, _FIELDS = 0, 3  # values of the field "compression"
_USUAL_FIELDS = bytes.fromhex("0000ff00 00ff0000 ff000000")  # R, G, B
_PALETTE = 256  # largest


def is_plain(header: tf.Tensor) -> tf.Tensor:
    """Whether rows are plain palette numbers or blue, green, red (and more).

    Args:
      header: uint8 (HEADER_BYTES,), beginning with "BM".
    """
    compression = little_endian(header, 30)
    usual = tf.constant(list(_USUAL_FIELDS), tf.uint8)
    usual = tf.reduce_all(header[54:66] == usual) & (_bits(header) == 32)
    plain = compression == _PLAIN
    known = tf.reduce_any(_bits(header) == [1, 4, 8, 24, 32])
    long = little_endian(header, _FILE_HEADER) >= _SHORTEST
    return long & known & (plain | (usual & (compression == _FIELDS)))


def size(header: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Height and width in pixels, int64."""
    return tf.abs(_signed_height(header)), little_endian(header, 18)


def _signed_height(header):
    """Above 0 where the lowest row comes first."""
    height = little_endian(header, 22)
    return tf.where(height < 2**31, height, height - 2**32)


def _bits(header):
    """Of a pixel."""
    return little_endian(header, 28, 2)


def decode(encoded: tf.Tensor, header: tf.Tensor) -> tf.Tensor:
    """Decodes a BMP for which `is_plain` holds.

    Args:
      encoded: string scalar.
      header: uint8 (HEADER_BYTES,).

    Returns:
      uint8 (height, width, 3).
    """
    height, width = size(header)
    bits = _bits(header)
    rows = _rows(encoded, header, height, (width * bits + 31) // 32 * 4)

    def from_palette():
        chosen = _numbers(rows, bits)[:, :width]
        return tf.gather(_palette(encoded, header), tf.cast(chosen, tf.int32))

    def direct():
        step = bits // 8
        pixels = tf.reshape(rows[:, : width * step], [height, width, step])
        return pixels[:, :, 2::-1]

    pixels = tf.cond(bits <= 8, from_palette, direct)
    return pixels[:: tf.where(_signed_height(header) > 0, -1, 1)]


def _rows(encoded, header, height, stride):
    """The pixels' bytes, uint8 (height, stride)."""
    offset, total = little_endian(header, 10), height * stride
    length = tf.cast(tf.strings.length(encoded), tf.int64)
    whole = require(
        offset + total <= length,
        "Expected a whole BMP. Received, of bytes that its header tells and "
        "bytes that there are:",
        offset + total,
        length,
    )
    with tf.control_dependencies(whole):
        data = tf.strings.substr(encoded, offset, total)
    return tf.reshape(tf.io.decode_raw(data, tf.uint8), [height, stride])


def _numbers(rows, bits):
    """Rows of bytes to rows of palette numbers, the highest bits first."""
    bits = tf.cast(bits, tf.int32)
    shifts = tf.cast(tf.range(8 - bits, -1, -bits), tf.uint8)
    mask = tf.cast(tf.bitwise.left_shift(1, bits) - 1, tf.uint8)
    shifted = tf.bitwise.right_shift(rows[:, :, None], shifts)
    numbers = tf.bitwise.bitwise_and(shifted, mask)
    return tf.reshape(numbers, [tf.shape(rows)[0], -1])


def _palette(encoded, header):
    """Colors, uint8 (256, 3), black behind the last."""
    start = _FILE_HEADER + little_endian(header, _FILE_HEADER)
    colors = little_endian(header, 46)
    largest = tf.bitwise.left_shift(tf.constant(1, tf.int64), _bits(header))
    count = tf.where((colors > 0) & (colors < largest), colors, largest)
    length = tf.cast(tf.strings.length(encoded), tf.int64)
    data = tf.strings.substr(encoded, tf.minimum(start, length), 4 * count)
    entries = tf.io.decode_raw(data, tf.uint8, fixed_length=4 * _PALETTE)
    return tf.reshape(entries, [_PALETTE, 4])[:, 2::-1]
