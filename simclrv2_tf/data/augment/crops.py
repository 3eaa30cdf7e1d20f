"""Crops on the host: decoded images to views, or to their evaluation form."""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.augment import boxes
from simclrv2_tf.data.augment.resize import resize_crops
from simclrv2_tf.data.augment.simclr import AREA

CENTER_SHARE = 0.875  # of the image that evaluation looks at
WHOLE_UP_TO = 32  # up to this side in pixels evaluation looks at all


def resize(image: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Bicubic without antialiasing.

    Args:
      image: Of any type, (height', width', channels).
      height: Wanted height in pixels.
      width: Wanted width in pixels.

    Returns:
      float32 (height, width, channels) in the range of the image, which it
      overshoots a little at edges.
    """
    size = [height, width]
    return tf.image.resize(image, size, tf.image.ResizeMethod.BICUBIC)


def to_unit(images: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Pixel values of a type as floats in [0, 1], what overshoots clipped.

    Args:
      images: Of any shape and numeric type, from 0 to what is white.
      dtype: Of the images as they were: white is the largest integer of it,
        and 1 of floats.

    Returns:
      float32 of the same shape.
    """
    # A product: graphs are rewritten to multiply by what they divide by, and
    # training, evaluation and serving are to agree to the last bit.
    scale = 1.0 / dtype.max if dtype.is_integer else 1.0
    return tf.clip_by_value(tf.cast(images, tf.float32) * scale, 0.0, 1.0)


def image_views(
    image: tf.Tensor,
    draws: boxes.Draws,
    image_size: int,
    least_area: float = AREA[0],
) -> tuple[tf.Tensor, ...]:
    """Random crops of one image of any size, resized; half are mirrored.

    Args:
      image: uint8 or uint16, or float32 in [0, 1], (height, width, channels).
      draws: This image's `boxes.Draws`: uniforms (views, …), mirrored (views,).
      image_size: Side of the views in pixels.
      least_area: Of a crop, share of the image in (0, 1].

    Returns:
      A tuple of float32 (image_size, image_size, channels) in [0, 1].
    """
    shape = tf.shape(image)
    chosen = _choose_for_one(draws.uniforms, shape[0], shape[1], least_area)
    mirrored = tf.unstack(draws.mirrored)
    return tuple(
        _view(image, box, mirror, image_size)
        for box, mirror in zip(tf.unstack(chosen), mirrored, strict=True)
    )


@tf.function(jit_compile=True, autograph=False)  # 60 small operations in one
def _choose_for_one(uniforms, height, width, least_area):
    return boxes.choose(uniforms, height, width, least_area)


def _view(image, box, mirror, image_size):
    top, left, rows, columns = tf.unstack(box)
    channels = image.shape[-1]
    crop = tf.slice(image, [top, left, 0], [rows, columns, channels])
    crop = tf.raw_ops.Reverse(tensor=crop, dims=[False, mirror, False])
    # Only the crop becomes float: whole photographs would cost more than this.
    view = resize(tf.cast(crop, tf.float32), image_size, image_size)
    return to_unit(view, image.dtype)


@tf.function(jit_compile=True, autograph=False)
def batch_views(
    images: tf.Tensor,
    draws: boxes.Draws,
    image_size: int,
    least_area: float = AREA[0],
) -> tuple[tf.Tensor, ...]:
    """`image_views` of a batch of small images of one size, as two products.

    Args:
      images: uint8 or uint16, or float32 in [0, 1], (batch, height, width,
        channels).
      draws: `boxes.Draws` of the batch.
      image_size: Side of the views in pixels.
      least_area: Of a crop, share of the image in (0, 1].

    Returns:
      A tuple of float32 (batch, image_size, image_size, channels) in [0, 1].
    """
    height, width = images.shape[1:3]
    floats = tf.cast(images, tf.float32)
    chosen = boxes.choose(draws.uniforms, height, width, least_area)
    views = []
    for view in range(chosen.shape[1]):
        resized = resize_crops(
            floats,
            chosen[:, view],
            image_size,
            image_size,
            draws.mirrored[:, view],
        )
        views.append(to_unit(resized, images.dtype))
    return tuple(views)


def center_crop(
    image: tf.Tensor, height: int, width: int, share: float = CENTER_SHARE
) -> tf.Tensor:
    """The middle of an image, in the wanted shape, resized.

    Args:
      image: Of any type, (height', width', channels).
      height: Wanted height in pixels.
      width: Wanted width in pixels.
      share: How much of the image's tighter side is kept, in (0, 1].
    """
    rows, columns = _crop_shape(tf.shape(image), height, width, share)
    top = (tf.shape(image)[0] - rows + 1) // 2
    left = (tf.shape(image)[1] - columns + 1) // 2
    crop = image[top : top + rows, left : left + columns]
    return resize(tf.cast(crop, tf.float32), height, width)


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


def preprocess_for_eval(image: tf.Tensor, image_size: int) -> tf.Tensor:
    """What evaluation and serving make of an image.

    Above 32 pixels the middle 87.5 %, resized; up to 32 pixels the whole
    image, resized if it has another size.

    Args:
      image: uint8 or uint16, or float32 in [0, 1], (height, width, channels).
      image_size: Side in pixels.

    Returns:
      float32 (image_size, image_size, channels) in [0, 1].
    """
    image = tf.convert_to_tensor(image)
    if image_size > WHOLE_UP_TO:
        prepared = center_crop(image, image_size, image_size)
    else:
        floats = tf.cast(image, tf.float32)
        prepared = resize(floats, image_size, image_size)
    return to_unit(prepared, image.dtype)
