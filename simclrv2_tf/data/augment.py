"""Colour distortion and blur of one view of a batch, compiled as one.

Where an image is cropped and flipped (`crops`), the rest of SimCLR's
augmentation happens here: on whole batches, on the device that trains.
Amounts are drawn first, for all images at once and keyed by the seed and the
image's place in the whole batch; what follows is a pure function of images
and amounts, compiled by XLA.
"""

import collections
import functools

import tensorflow as tf

from simclrv2_tf.data import blur as blurring
from simclrv2_tf.data import color
from simclrv2_tf.data.randomness import fold
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
    shared = tf.random.stateless_uniform([], fold(seed, 1), alg="philox")
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
    if strength > 0:
        images = distort_color(images, amounts, impl)
    if blur:
        images = _blur_some(images, amounts)
    return tf.clip_by_value(images, 0.0, 1.0)


def distort_color(images, amounts, impl="simclrv2"):
    """Jitters most images and takes the colour from some.

    Args:
      images: float32 (batch, height, width, channels) in [0, 1].
      amounts: `Amounts`.
      impl: See `augment_views`.
    """
    # Outside of what is compiled: fused with a transposition, the whole chain
    # would run across the colours, several times slower.
    planes = _distort_planes(color.to_planes(images), amounts, impl)
    return color.from_planes(planes, images)


@tf.function(jit_compile=True)
def _distort_planes(planes, amounts, impl):
    planes = _choose(amounts.jittered, jitter(planes, amounts, impl), planes)
    if planes.shape[0] != 3:
        return planes
    return _choose(amounts.gray, color.grayscale(planes), planes)


def jitter(planes, amounts, impl="simclrv2"):
    """Brightness, contrast, saturation and hue in each image's own order.

    After each operation values are clipped to [0, 1].
    """
    operations = (
        functools.partial(_brightness, amounts=amounts, impl=impl),
        functools.partial(color.adjust_contrast, factor=amounts.contrast),
        functools.partial(color.adjust_saturation, factor=amounts.saturation),
        functools.partial(color.adjust_hue, delta=amounts.hue),
    )
    places = len(operations)
    if planes.shape[0] != 3:  # the latter two need RGB; their turns pass
        operations = operations[:2]
    for place in range(places):
        turn = amounts.order[:, place]
        changed = planes
        for index, operation in enumerate(operations):
            changed = _choose(turn == index, operation(planes), changed)
        planes = tf.clip_by_value(changed, 0.0, 1.0)
    return planes


def _brightness(planes, amounts, impl):
    if impl == "simclrv1":  # adds what version 2 multiplies by, less 1
        return color.add_brightness(planes, amounts.brightness - 1.0)
    return color.adjust_brightness(planes, amounts.brightness)


def _choose(condition, changed, unchanged):
    """Rows of one or the other; planes are (3, batch, pixels)."""
    return tf.where(condition[:, None], changed, unchanged)


@tf.function(jit_compile=True)
def _blur_some(images, amounts):
    """Blurs the images chosen, with a kernel of a tenth of their height."""
    blurred = blurring.gaussian_blur(
        images, images.shape[1] // 10, amounts.sigma
    )
    return tf.where(amounts.blurred[:, None, None, None], blurred, images)
