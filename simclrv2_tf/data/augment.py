"""Colour distortion and blur of one view of a batch, compiled as one.

Where an image is cropped and flipped (`crops`), the rest of SimCLR's
augmentation happens here: on whole batches, on the device that trains.
Amounts are drawn first, for all images at once and keyed by the seed and the
image's place in the whole batch; what follows is a pure function of images
and amounts, compiled by XLA.
"""

import collections

import tensorflow as tf

from simclrv2_tf.data import blur as blurring
from simclrv2_tf.data import color as color_ops
from simclrv2_tf.data.randomness import fold
from simclrv2_tf.data.randomness import uniform
from simclrv2_tf.data.randomness import uniform_rows

JITTER_SHARE = 0.8  # of images whose colour is jittered
GRAY_SHARE = 0.2  # of images that lose their colour
BLUR_SHARE = 0.5  # of images that are blurred
BLUR_SIGMA = (0.1, 2.0)  # pixels
IMPLEMENTATIONS = ("simclrv2", "simclrv1")

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


def augment_views(
    images,
    seed,
    first=0,
    total=None,
    strength=1.0,
    blur=True,
    per_image_blur=False,
    impl="simclrv2",
):
    """Distorts the colours of one view of a batch and blurs some of it.

    Args:
      images: float32 (batch, height, width, channels) in [0, 1]. Those of
        another number of channels than 3 keep their saturation, hue and
        colour; brightness, contrast and blur are for all.
      seed: int32 (2,), another one for each step and view.
      first: Place of the first image in the whole batch.
      total: Images of the whole batch; None for those here.
      strength: Of the colour distortion; 0 leaves colours alone.
      blur: Whether half of the images are blurred, with a width of a tenth
        of the image.
      per_image_blur: A blur width for each image and not for the batch.
      impl: "simclrv2" multiplies the brightness, "simclrv1" adds to it.

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
    amounts = draw_amounts(seed, batch, strength, first, total, per_image_blur)
    # The transpositions stay outside of what is compiled: fused with them, all
    # of it would run across the colours, several times slower.
    planes = tf.transpose(images, [3, 0, 1, 2])
    planes = distort(planes, amounts, impl, strength > 0, blur)
    planes = tf.ensure_shape(planes, [images.shape[-1], *images.shape[:-1]])
    return tf.transpose(planes, [1, 2, 3, 0])


@tf.function(jit_compile=True)
def distort(planes, amounts, impl="simclrv2", color=True, blur=True):
    """What happens to the colours, then the blur, as one compiled function.

    Args:
      planes: float32 (channels, batch, height, width) in [0, 1].
      amounts: `Amounts`.
      impl: See `augment_views`.
      color: Whether colours are distorted.
      blur: Whether images are blurred.
    """
    if color:
        flat = tf.reshape(planes, [*planes.shape[:2], -1])
        planes = tf.reshape(distort_color(flat, amounts, impl), planes.shape)
    if blur:
        planes = _blur_some(planes, amounts)
    return tf.clip_by_value(planes, 0.0, 1.0)


def distort_color(planes, amounts, impl="simclrv2"):
    """Jitters most images and takes the colour from some.

    Args:
      planes: float32 (channels, batch, pixels) in [0, 1].
      amounts: `Amounts`.
      impl: See `augment_views`.
    """
    rgb = planes.shape[0] == 3
    parts = tf.unstack(planes) if rgb else [planes]
    jittered = jitter(parts, amounts, impl)
    parts = _choose(amounts.jittered, jittered, parts)
    if not rgb:
        return parts[0]
    luma = color_ops.luma(*parts)
    return tf.stack(_choose(amounts.gray, [luma] * 3, parts))


def jitter(parts, amounts, impl="simclrv2"):
    """Brightness, contrast, saturation and hue in each image's own order.

    After each operation values are clipped to [0, 1]. Two by two they are
    cases of one formula: an affine map of the values, and a change of hue and
    saturation, which needs RGB and leaves other images as they are.

    Args:
      parts: Red, green and blue, float32 (batch, pixels) in [0, 1]; or all
        channels of other images as one, (channels, batch, pixels).
      amounts: `Amounts`.
      impl: See `augment_views`.

    Returns:
      The same, a list.
    """
    for place in range(amounts.order.shape[1]):
        brightness, contrast, saturation, hue = (
            amounts.order[:, place] == index for index in range(4)
        )
        values = _affine(amounts, brightness, contrast, impl)
        moved = [
            tf.clip_by_value(color_ops.affine(part, *values), 0.0, 1.0)
            for part in parts
        ]
        if len(parts) == 3:
            turned = color_ops.adjust_hsv(
                *parts,
                tf.where(saturation, amounts.saturation, 1.0),
                tf.where(hue, amounts.hue, 0.0),
            )  # between 0 and 1 by itself
            moved = _choose(saturation | hue, turned, moved)
        parts = moved
    return parts


def _affine(amounts, brightness, contrast, impl):
    """What `color.affine` takes for brightness or contrast, as the turn is."""
    gain = tf.where(contrast, amounts.contrast, 1.0)
    shift = tf.zeros_like(gain)
    if impl == "simclrv1":  # adds what version 2 multiplies by, less 1
        shift = tf.where(brightness, amounts.brightness - 1.0, 0.0)
    else:
        gain = tf.where(brightness, amounts.brightness, gain)
    return gain, tf.where(contrast, 1.0 - gain, 0.0), shift


def _choose(condition, changed, unchanged):
    """Rows of one or the other, part by part."""
    return [
        tf.where(condition[:, None], *pair)
        for pair in zip(changed, unchanged, strict=True)
    ]


def _blur_some(planes, amounts):
    """Blurs the images chosen, with a kernel of a tenth of their height."""
    blurred = blurring.blur_planes(planes, planes.shape[2] // 10, amounts.sigma)
    return tf.where(amounts.blurred[:, None, None], blurred, planes)
