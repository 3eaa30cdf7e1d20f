"""What happens to each image of a batch: drawn at once, stateless."""

from __future__ import annotations

import collections

import tensorflow as tf

from simclrv2_tf.data.augment import simclr
from simclrv2_tf.data.random import fold
from simclrv2_tf.data.random import uniform
from simclrv2_tf.data.random import uniform_rows

# One row per image. `order` holds which operation comes at each of four
# places; the parameters are factors, a hue in turns, a blur in pixels.
JitterParameters = collections.namedtuple(
    "JitterParameters",
    "jittered order brightness contrast saturation hue gray blurred sigma",
)


def draw_parameters(
    seed: tf.Tensor,
    batch: int | tf.Tensor,
    strength: float,
    first: int | tf.Tensor = 0,
    total: int | tf.Tensor | None = None,
    per_image_blur: bool = False,
    grayscale: float = simclr.GRAY_SHARE,
) -> JitterParameters:
    """Draws what happens to each image of a batch.

    Args:
      seed: int32 (2,).
      batch: Images of this replica.
      strength: Of the colour distortion, 0 or more.
      first: Place of the first image in the whole batch.
      total: Images of the whole batch; None for `batch`.
      per_image_blur: A blur width for each image and not for the batch.
      grayscale: Share of the images that turn grey, in [0, 1].

    Returns:
      `JitterParameters` of shape (batch,), `order` int32 (batch, 4).
    """
    u = uniform_rows(seed, batch, 12, first, total)
    least, most = simclr.BLUR_SIGMA
    shared = uniform([], fold(seed, 1))
    width = u[:, 11] if per_image_blur else tf.fill([batch], shared)
    return JitterParameters(
        jittered=u[:, 0] < simclr.JITTER_SHARE,
        order=tf.argsort(u[:, 1:5], axis=1),
        brightness=_factor(u[:, 5], simclr.BRIGHTNESS * strength),
        contrast=_factor(u[:, 6], simclr.CONTRAST * strength),
        saturation=_factor(u[:, 7], simclr.SATURATION * strength),
        hue=(2.0 * u[:, 8] - 1.0) * simclr.HUE * strength,
        gray=u[:, 9] < grayscale,
        blurred=u[:, 10] < simclr.BLUR_SHARE,
        sigma=least + width * (most - least),
    )


def _factor(u, change):
    """A factor between 1 - change, but 0 at least, and 1 + change."""
    low = max(0.0, 1.0 - change)
    return low + u * (1.0 + change - low)
