"""Where random crops lie: drawn for a whole batch at once, stateless.

The distribution is that of `tf.image.sample_distorted_bounding_box`, whose
rules are followed to the last rounding: up to 100 attempts, the first that
fits is taken. Here all attempts are made and the first that fits is looked
up, which needs no loop.
"""

from __future__ import annotations

import collections

import tensorflow as tf

from simclrv2_tf.data.augment.simclr import AREA
from simclrv2_tf.data.augment.simclr import ASPECT
from simclrv2_tf.data.augment.simclr import ATTEMPTS
from simclrv2_tf.data.augment.simclr import MIN_COVERED
from simclrv2_tf.data.augment.simclr import MIRRORED_SHARE
from simclrv2_tf.data.random import uniform_rows

# Uniform draws float32 (batch, views, ATTEMPTS, 4) in [0, 1), mirrored bool
# (batch, views).
Draws = collections.namedtuple("Draws", "uniforms mirrored")


@tf.function(jit_compile=True, autograph=False)  # many small operations in one
def draw(
    seed: tf.Tensor,
    batch: int | tf.Tensor,
    views: int,
    first: int | tf.Tensor = 0,
    total: int | tf.Tensor | None = None,
    flip: bool = True,
) -> Draws:
    """Draws all that the crops of a batch depend on but the images' sizes.

    Args:
      seed: int32 (2,), another one for each step.
      batch: Images of this worker.
      views: Views of each image.
      first: Place of the first image in the whole batch.
      total: Images of the whole batch; None for `batch`.
      flip: Whether half of the views are mirrored, or none.

    Returns:
      `Draws`, whose boxes do not depend on `flip`.
    """
    columns = views * (4 * ATTEMPTS + 1)
    u = uniform_rows(seed, batch, columns, first, total)
    uniforms = tf.reshape(u[:, views:], [batch, views, ATTEMPTS, 4])
    return Draws(uniforms, u[:, :views] < (MIRRORED_SHARE if flip else 0.0))


def choose(
    uniforms: tf.Tensor,
    height: int | tf.Tensor,
    width: int | tf.Tensor,
    least_area: float = AREA[0],
) -> tf.Tensor:
    """Crop boxes from uniform draws, for images of one size.

    Args:
      uniforms: float32 (…, ATTEMPTS, 4) in [0, 1).
      height: Of the images in pixels, int.
      width: Of the images in pixels, int.
      least_area: Of a crop, share of the image in (0, 1].

    Returns:
      int32 (…, 4): top, left, rows and columns; the whole image where no
      attempt fits.
    """
    height = tf.cast(height, tf.float32)
    width = tf.cast(width, tf.float32)
    area = (least_area, AREA[1])
    rows, columns = _sizes(uniforms, height, width, area)
    top = tf.floor(uniforms[..., 2] * (height - rows))
    left = tf.floor(uniforms[..., 3] * (width - columns))
    boxes = tf.stack([top, left, rows, columns], axis=-1)
    fits = _fits(rows, columns, height, width, area)
    chosen = tf.argmax(fits, axis=-1, output_type=tf.int32)  # the first
    boxes = tf.gather(boxes, chosen, batch_dims=len(chosen.shape))
    whole = tf.stack([0.0, 0.0, height, width])
    any_fits = tf.reduce_any(fits, axis=-1, keepdims=True)
    return tf.cast(tf.where(any_fits, boxes, whole), tf.int32)


def _sizes(uniforms, height, width, area):
    """Rows and columns of each attempt: rows uniform between their limits."""
    aspect = ASPECT[0] + uniforms[..., 0] * (ASPECT[1] - ASPECT[0])
    least, most = (share * height * width for share in area)
    limit = tf.minimum(_most_rows(aspect, most, width), height)
    rows = tf.minimum(tf.math.rint(tf.sqrt(least / aspect)), limit)
    rows += tf.floor(uniforms[..., 1] * (limit - rows + 1.0))
    # Rounding may leave the limits of the area by one row.
    too_small = rows * tf.math.rint(rows * aspect) < least
    rows = tf.where(too_small, rows + 1.0, rows)
    too_large = rows * tf.math.rint(rows * aspect) > most
    rows = tf.where(too_large, rows - 1.0, rows)
    return rows, tf.math.rint(rows * aspect)


def _most_rows(aspect, most, width):
    """Rows of the largest area, or of what the width leaves room for."""
    rows = tf.math.rint(tf.sqrt(most / aspect))
    room = tf.floor((width + 0.5) / aspect)
    room = tf.where(tf.math.rint(room * aspect) > width, room - 1.0, room)
    return tf.where(tf.math.rint(rows * aspect) > width, room, rows)


def _fits(rows, columns, height, width, area):
    image = height * width
    least, most = (share * image for share in area)
    covered = rows * columns
    return (
        (covered >= least)
        & (covered <= most)
        & (covered >= MIN_COVERED * image)
        & (rows <= height)
        & (columns <= width)
        & (rows > 0.0)
        & (columns > 0.0)
    )
