"""Small images of one size, decoded a batch at a time.

A call for each image costs more than decoding a small one: a few images share
a call here, and their headers are read as one array. It serves batches of
plain PNG, or of JPEG, of the size that the data set names; whatever else a
batch holds is for `decode.decode_image`.
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.decode.header import require
from simclrv2_tf.data.decode.limits import LIMITS
from simclrv2_tf.data.decode.rgb import JPEG
from simclrv2_tf.data.decode.rgb import PNG

_PER_CALL = 16  # images
_PNG_BEGINS = [*PNG, 0, 0, 0, 13, *b"IHDR"]  # the size follows, then the depth
_HEADER = len(_PNG_BEGINS) + 9  # bytes


def decode_batch(
    encoded: tf.Tensor, shape: tuple[int, int, int]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes a batch, if all of it is plain PNG, or JPEG, of one size.

    Args:
      encoded: string (batch,).
      shape: (height, width, 3) of the images.

    Returns:
      Whether it was, bool scalar, and the images, uint8 (batch, height,
      width, 3), zeros if it was not or one is damaged.
    """
    batch = encoded.shape[0]
    calls = -(-batch // _PER_CALL)
    spare = tf.repeat(encoded[:1], calls * _PER_CALL - batch)
    groups = tf.reshape(tf.concat([encoded, spare], axis=0), [calls, -1])
    png, jpeg = _kinds(encoded, shape)
    known = tf.where(png | jpeg, calls, 0)
    decoded = tf.data.Dataset.from_tensor_slices(groups[:known]).map(
        lambda group: (True, _decode(group, jpeg, shape))
    )
    blank = tf.zeros([_PER_CALL, *shape], tf.uint8)
    blanks = tf.data.Dataset.from_tensors((False, blank)).repeat()
    whole = decoded.ignore_errors().concatenate(blanks)
    whole = whole.batch(calls, drop_remainder=True).take(1)
    done, images = whole.get_single_element()
    return tf.reduce_all(done), tf.reshape(images, [-1, *shape])[:batch]


def _kinds(encoded, shape):
    """Whether all are plain PNG of this size, and whether all are JPEG."""
    headers = tf.io.decode_raw(encoded, tf.uint8, fixed_length=_HEADER)
    within = tf.reduce_all(tf.strings.length(encoded) <= LIMITS.max_bytes)
    height, width, _ = shape
    size = [*width.to_bytes(4, "big"), *height.to_bytes(4, "big")]
    shallow = tf.reduce_all(headers[:, -1] <= 8)  # bits a channel
    png = _all_begin(headers, [*_PNG_BEGINS, *size]) & shallow & within
    return png, _all_begin(headers, list(JPEG)) & within


def _all_begin(headers, expected):
    begins = headers[:, : len(expected)]
    return tf.reduce_all(begins == tf.constant(expected, tf.uint8))


def _decode(group, jpeg, shape):
    images = tf.unstack(group)

    def of_jpeg():
        sizes = [tf.io.extract_jpeg_shape(image)[:2] for image in images]
        alike = tf.reduce_all(tf.stack(sizes) == shape[:2])
        with tf.control_dependencies(require(alike, "another size")):
            return [tf.io.decode_jpeg(image, channels=3) for image in images]

    def of_png():
        return [tf.io.decode_png(image, channels=3) for image in images]

    pixels = tf.stack(tf.cond(jpeg, of_jpeg, of_png))
    return tf.ensure_shape(pixels, [_PER_CALL, *shape])
