"""Numbers in headers of images: TensorFlow tells the size of JPEG alone.

`tf.io.extract_jpeg_shape` is the only one of its kind; Pillow reads all
headers, but is Python, which exported models have not.
"""

from __future__ import annotations

import tensorflow as tf

HEADER_BYTES = 68  # as far as any format's size and layout stand


def read_header(encoded: tf.Tensor) -> tf.Tensor:
    """The first bytes of a string scalar, uint8, zeros behind its end."""
    return tf.io.decode_raw(encoded, tf.uint8, fixed_length=HEADER_BYTES)


def window(encoded: tf.Tensor, place: tf.Tensor | int, count: int) -> tf.Tensor:
    """Bytes from a place on, uint8 (count,), zeros behind the end."""
    size = tf.cast(tf.strings.length(encoded), tf.int64)
    place = tf.minimum(tf.cast(place, tf.int64), size)
    data = tf.strings.substr(encoded, place, tf.constant(count, tf.int64))
    return tf.io.decode_raw(data, tf.uint8, fixed_length=count)


def little_endian(data: tf.Tensor, start: int, count: int = 4) -> tf.Tensor:
    """An unsigned number of 2, 3 or 4 bytes, int64 scalar."""
    if count == 3:
        return little_endian(data, start) % 2**24
    return _number(data[start : start + count])


def big_endian(data: tf.Tensor, start: int, count: int = 4) -> tf.Tensor:
    """The same of 2 or 4 bytes, the most significant first."""
    return _number(data[start : start + count][::-1])


def _number(digits):
    dtype = {2: tf.uint16, 4: tf.uint32}[digits.shape[0]]
    return tf.cast(tf.bitcast(digits, dtype), tf.int64)


def bit(data: tf.Tensor, place: int, mask: int) -> tf.Tensor:
    """Whether any bit of a mask is set in one byte."""
    return tf.bitwise.bitwise_and(data[place], tf.constant(mask, tf.uint8)) > 0


def starts(data: tf.Tensor, place: int, letters: bytes) -> tf.Tensor:
    """Whether letters stand at a place."""
    expected = tf.constant(list(letters), tf.uint8)
    return tf.reduce_all(data[place : place + len(letters)] == expected)


def require(
    condition: tf.Tensor, words: str, *values: tf.Tensor
) -> list[tf.Operation]:
    """Fails with `tf.errors.InvalidArgumentError` unless a condition holds.

    Args:
      condition: bool scalar.
      words: What was expected, a sentence.
      *values: Tensors that are shown behind it.

    Returns:
      Control inputs for what must not run before the check has passed.
    """
    check = tf.raw_ops.Assert(condition=condition, data=[words, *values])
    return [] if check is None else [check]
