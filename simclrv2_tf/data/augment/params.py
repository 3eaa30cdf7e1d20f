"""What happens to each image of a batch: drawn at once, stateless."""

import collections

import tensorflow as tf

from simclrv2_tf.data.random import fold
from simclrv2_tf.data.random import uniform
from simclrv2_tf.data.random import uniform_rows

JITTER_SHARE = 0.8  # of images whose colour is jittered
GRAY_SHARE = 0.2  # of images that lose their colour
BLUR_SHARE = 0.5  # of images that are blurred
BLUR_SIGMA = (0.1, 2.0)  # pixels

# One row per image. `order` holds which operation comes at each of four
# places; the amounts are factors, a hue in turns, a blur in pixels.
Amounts = collections.namedtuple(
    "Amounts",
    "jittered order brightness contrast saturation hue gray blurred sigma",
)


def draw_amounts(
    seed, batch, strength, first=0, total=None, per_image_blur=False
):
    """Draws what happens to each image of a batch.

    Args:
      seed: int32 (2,).
      batch: Images of this replica.
      strength: Of the colour distortion, 0 or more.
      first: Place of the first image in the whole batch.
      total: Images of the whole batch; None for `batch`.
      per_image_blur: A blur width for each image and not for the batch.

    Returns:
      `Amounts` of shape (batch,), `order` int32 (batch, 4).
    """
    u = uniform_rows(seed, batch, 12, first, total)
    shared = uniform([], fold(seed, 1))
    width = u[:, 11] if per_image_blur else tf.fill([batch], shared)
    return Amounts(
        jittered=u[:, 0] < JITTER_SHARE,
        order=tf.argsort(u[:, 1:5], axis=1),
        brightness=_factor(u[:, 5], strength),
        contrast=_factor(u[:, 6], strength),
        saturation=_factor(u[:, 7], strength),
        hue=(2.0 * u[:, 8] - 1.0) * 0.2 * strength,
        gray=u[:, 9] < GRAY_SHARE,
        blurred=u[:, 10] < BLUR_SHARE,
        sigma=BLUR_SIGMA[0] + width * (BLUR_SIGMA[1] - BLUR_SIGMA[0]),
    )


def _factor(u, strength):
    low = max(0.0, 1.0 - 0.8 * strength)
    return low + u * (1.0 + 0.8 * strength - low)
