"""Colour distortion and blur of a whole batch, compiled as one."""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.augment import simclr
from simclrv2_tf.data.augment.color import adjust_hsv
from simclrv2_tf.data.augment.color import affine
from simclrv2_tf.data.augment.color import luma
from simclrv2_tf.data.augment.gaussian_blur import blur_planes
from simclrv2_tf.data.augment.params import JitterParameters


def distort(
    images: tf.Tensor,
    params: JitterParameters,
    impl: str = "simclrv2",
    color: bool = True,
    blur: bool = True,
) -> tf.Tensor:
    """What happens to the colours, then the blur.

    Args:
      images: float32 (batch, height, width, channels) in [0, 1].
      params: `JitterParameters`.
      impl: See `augment.augment_views`.
      color: Whether colours are distorted.
      blur: Whether images are blurred.

    Returns:
      float32 of the same shape in [0, 1].
    """
    # In three: fused with the transpositions, all of it would run across the
    # colours, several times slower.
    planes = _transposed(images, (3, 0, 1, 2))
    planes = _distort(planes, params, impl, color, blur)
    return _transposed(planes, (1, 2, 3, 0))


@tf.function(jit_compile=True, autograph=False)
def _transposed(images, order):
    return tf.transpose(images, order)


@tf.function(jit_compile=True, autograph=False)
def _distort(planes, params, impl, color, blur):
    """`distort` of planes, (channels, batch, height, width)."""
    if color:
        channels, _, height, width = planes.shape
        flat = tf.reshape(planes, [channels, -1, height * width])
        flat = distort_color(flat, params, impl)
        planes = tf.reshape(flat, [channels, -1, height, width])
    if blur:
        planes = _blur_some(planes, params)
    return tf.clip_by_value(planes, 0.0, 1.0)


def distort_color(
    planes: tf.Tensor, params: JitterParameters, impl: str = "simclrv2"
) -> tf.Tensor:
    """Jitters most images and takes the colour from some.

    Args:
      planes: float32 (channels, batch, pixels) in [0, 1].
      params: `JitterParameters`.
      impl: See `augment.augment_views`.
    """
    rgb = planes.shape[0] == 3
    parts = tf.unstack(planes) if rgb else [planes]
    jittered = jitter(parts, params, impl)
    parts = _choose(params.jittered, jittered, parts)
    if not rgb:
        return parts[0]
    gray = [luma(*parts)] * 3
    return tf.stack(_choose(params.gray, gray, parts))


def jitter(
    parts: list[tf.Tensor], params: JitterParameters, impl: str = "simclrv2"
) -> list[tf.Tensor]:
    """Brightness, contrast, saturation and hue in each image's own order.

    After each operation values are clipped to [0, 1]. Two by two they are
    cases of one formula: an affine map of the values, and a change of hue and
    saturation, which needs RGB and leaves other images as they are.

    Args:
      parts: Red, green and blue, float32 (batch, pixels) in [0, 1]; or all
        channels of other images as one, (channels, batch, pixels).
      params: `JitterParameters`.
      impl: See `augment.augment_views`.

    Returns:
      The same, a list.
    """
    for place in range(params.order.shape[1]):
        brightness, contrast, saturation, hue = (
            params.order[:, place] == index for index in range(4)
        )
        values = _affine(params, brightness, contrast, impl)
        moved = [
            tf.clip_by_value(affine(part, *values), 0.0, 1.0) for part in parts
        ]
        if len(parts) == 3:
            red, green, blue = parts
            turned = adjust_hsv(
                red,
                green,
                blue,
                tf.where(saturation, params.saturation, 1.0),
                tf.where(hue, params.hue, 0.0),
            )  # between 0 and 1 by itself
            moved = _choose(saturation | hue, turned, moved)
        parts = moved
    return parts


def _affine(params, brightness, contrast, impl):
    """What `color.affine` takes for brightness or contrast, as the turn is."""
    gain = tf.where(contrast, params.contrast, 1.0)
    shift = tf.zeros_like(gain)
    if impl == "simclrv1":  # adds what version 2 multiplies by, less 1
        shift = tf.where(brightness, params.brightness - 1.0, 0.0)
    else:
        gain = tf.where(brightness, params.brightness, gain)
    return gain, tf.where(contrast, 1.0 - gain, 0.0), shift


def _choose(condition, changed, unchanged):
    """Rows of one or the other, part by part."""
    return [
        tf.where(condition[:, None], *pair)
        for pair in zip(changed, unchanged, strict=True)
    ]


def _blur_some(planes, params):
    """Blurs the images chosen, with a kernel of a tenth of their height."""
    blurred = blur_planes(
        planes, planes.shape[2] // simclr.BLUR_KERNEL, params.sigma
    )
    return tf.where(params.blurred[:, None, None], blurred, planes)
