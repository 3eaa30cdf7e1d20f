"""Colour distortion and blur of one view of a batch, compiled.

Where an image is cropped and flipped (`crops`), the rest of SimCLR's
augmentation happens here: on whole batches, on the device that trains.
Parameters are drawn first, for all images at once and keyed by the seed and
the image's place in the whole batch; what follows is a pure function of images
and parameters, in two forms: `distortion` for whole batches,
`distortion_each` for one image after the other.
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.augment import distortion
from simclrv2_tf.data.augment import distortion_each
from simclrv2_tf.data.augment.params import draw_parameters
from simclrv2_tf.data.augment.simclr import GRAY_SHARE
from simclrv2_tf.machine.cpu_only import on_processors

IMPLEMENTATIONS = ("simclrv2", "simclrv1")
SMALL = 64  # up to this side in pixels a processor takes the batch as a whole


def augment_views(
    images: tf.Tensor,
    seed: tf.Tensor,
    first: int | tf.Tensor = 0,
    total: int | tf.Tensor | None = None,
    strength: float = 1.0,
    blur: bool = True,
    per_image_blur: bool = False,
    impl: str = "simclrv2",
    grayscale: float = GRAY_SHARE,
) -> tf.Tensor:
    """Distorts the colours of one view of a batch and blurs some of it.

    Args:
      images: float32 (batch, height, width, channels) in [0, 1]. Those of
        another number of channels than 3 keep their saturation, hue and
        colour; brightness, contrast and blur are for all.
      seed: int32 (2,), another one for each step and view.
      first: Place of the first image in the whole batch.
      total: Images of the whole batch; None for those here.
      strength: Of the colour distortion; 0 leaves colours alone, and turns
        no image grey.
      blur: Whether half of the images are blurred, with a width of a tenth
        of the image.
      per_image_blur: A blur width for each image and not for the batch.
      impl: "simclrv2" multiplies the brightness, "simclrv1" adds to it.
      grayscale: Share of the images that turn grey, in [0, 1].

    Returns:
      float32 of the same shape in [0, 1].

    Raises:
      ValueError: If `impl` is unknown.
    """
    if impl not in IMPLEMENTATIONS:
        raise ValueError(
            f"`color_jitter_impl` must be one of {list(IMPLEMENTATIONS)}. "
            f"Received: color_jitter_impl={impl!r}"
        )
    batch = images.shape[0] or tf.shape(images)[0]
    params = draw_parameters(
        seed, batch, strength, first, total, per_image_blur, grayscale
    )
    form = distortion_each if _one_by_one(images) else distortion
    return form.distort(images, params, impl, strength > 0, blur)


def _one_by_one(images):
    """Whether images are better off each by itself, see `distortion_each`."""
    return on_processors() and max(images.shape[1:3]) > SMALL
