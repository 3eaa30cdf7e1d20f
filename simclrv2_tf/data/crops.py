"""Crops on the host: one decoded image to one view, or to its evaluation form.

Everything here takes one image, float32 (height, width, channels) in [0, 1].
"""

import tensorflow as tf

from simclrv2_tf.data.randomness import fold

# Original release, data_util.py; Szegedy et al. 2015.
AREA = (0.08, 1.0)  # share of the image
ASPECT = (3.0 / 4.0, 4.0 / 3.0)  # width over height
MIN_COVERED = 0.1
ATTEMPTS = 100
CENTER_SHARE = 0.875  # of the image that evaluation looks at
SMALL_IMAGE = 32  # up to this side in pixels evaluation looks at all


def resize(image, height, width):
    """Bicubic without antialiasing; overshoots [0, 1] a little at edges."""
    size = [height, width]
    return tf.image.resize(image, size, tf.image.ResizeMethod.BICUBIC)


def crop_box(shape, seed):
    """Draws where a random crop lies.

    Args:
      shape: int32 (3,), the image's.
      seed: int32 (2,).

    Returns:
      Offset and size, int32 (3,) each, for `tf.slice`; the whole image if no
      crop of the wanted shape fits.
    """
    offset, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        shape,
        bounding_boxes=tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        seed=seed,
        min_object_covered=MIN_COVERED,
        aspect_ratio_range=ASPECT,
        area_range=AREA,
        max_attempts=ATTEMPTS,
        use_image_if_no_bounding_boxes=True,
    )
    return offset, size


def random_view(image, image_size, seed):
    """A random crop, resized, and flipped in half of the cases.

    Args:
      image: float32 (height, width, channels) in [0, 1].
      image_size: Side of the view in pixels.
      seed: int32 (2,).

    Returns:
      float32 (image_size, image_size, channels) in [0, 1].
    """
    offset, size = crop_box(tf.shape(image), fold(seed, 0))
    channels = image.shape[-1]
    crop = tf.ensure_shape(
        tf.slice(image, offset, size), [None, None, channels]
    )
    view = resize(crop, image_size, image_size)
    flip = tf.random.stateless_uniform([], fold(seed, 1)) < 0.5
    return tf.clip_by_value(tf.where(flip, view[:, ::-1], view), 0.0, 1.0)


def center_crop(image, height, width, share=CENTER_SHARE):
    """The middle of an image, in the wanted shape, resized.

    Args:
      image: float32 (height', width', channels) in [0, 1].
      height: Wanted height in pixels.
      width: Wanted width in pixels.
      share: How much of the image's tighter side is kept, in (0, 1].
    """
    rows, columns = _crop_shape(tf.shape(image), height, width, share)
    top = (tf.shape(image)[0] - rows + 1) // 2
    left = (tf.shape(image)[1] - columns + 1) // 2
    crop = image[top : top + rows, left : left + columns]
    return resize(crop, height, width)


def _crop_shape(shape, height, width, share):
    """Rows and columns of the crop; halves are rounded to even."""
    rows = tf.cast(shape[0], tf.float32)
    columns = tf.cast(shape[1], tf.float32)
    aspect = width / height
    wide = aspect > columns / rows
    crop_rows = tf.where(wide, share / aspect * columns, share * rows)
    crop_columns = tf.where(wide, share * columns, share * aspect * rows)
    return (
        tf.cast(tf.math.rint(crop_rows), tf.int32),
        tf.cast(tf.math.rint(crop_columns), tf.int32),
    )


def preprocess_for_eval(image, image_size):
    """What evaluation and serving make of an image.

    Above 32 pixels the middle 87.5 %, resized; up to 32 pixels the whole
    image, resized if it has another size.

    Args:
      image: float32 (height, width, channels) in [0, 1].
      image_size: Side in pixels.

    Returns:
      float32 (image_size, image_size, channels) in [0, 1].
    """
    if image_size > SMALL_IMAGE:
        prepared = center_crop(image, image_size, image_size)
    else:
        prepared = resize(image, image_size, image_size)
    return tf.clip_by_value(prepared, 0.0, 1.0)
