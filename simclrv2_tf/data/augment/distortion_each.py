"""Colour distortion and blur of a batch image by image, compiled as one.

On a processor an image and all that becomes of it fit into its cache, and
branches are real: half of the images are blurred, and each place of the order
does one operation of four, while the batch form works all of them out for all
images. With 224 pixels that takes two thirds of the time of `distortion`; an
accelerator, and small images, are better off with the whole batch. The values
are the same to the last digits.
"""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.augment import color
from simclrv2_tf.data.augment import simclr
from simclrv2_tf.data.augment.gaussian_blur import blur_planes
from simclrv2_tf.data.augment.params import JitterParameters


@tf.function(jit_compile=True, autograph=False)
def distort(
    images: tf.Tensor,
    params: JitterParameters,
    impl: str = "simclrv2",
    color: bool = True,
    blur: bool = True,
) -> tf.Tensor:
    """`distortion.distort`, its arguments and its result, image by image."""

    def one(row):
        own = JitterParameters(*(amount[row][None] for amount in params))
        planes = tf.transpose(images[row], [2, 0, 1])
        if color:
            planes = _distort_color(planes, own, impl)
        if blur:
            planes = _blur(planes, own)
        planes = tf.clip_by_value(planes, 0.0, 1.0)
        return tf.transpose(planes, [1, 2, 0])

    rows = tf.range(tf.shape(images)[0])
    return tf.map_fn(one, rows, fn_output_signature=images.dtype)


def _distort_color(planes, params, impl):
    """(channels, height, width), one row of `JitterParameters`."""
    channels, height, width = planes.shape
    parts = tf.reshape(planes, [channels, 1, height * width])
    # Branches and loops take the colours one by one: as one array, the
    # compiler would work out the hue anew for each.
    parts = tf.unstack(parts) if channels == 3 else [parts]
    parts = _if(params.jittered, lambda *p: _jitter(p, params, impl), parts)
    if channels == 3:
        parts = _if(params.gray, lambda *p: [color.luma(*p)] * 3, parts)
    return tf.reshape(tf.stack(parts), planes.shape)


def _if(condition, change, parts):
    return tf.cond(condition[0], lambda: change(*parts), lambda: parts)


def _jitter(parts, params, impl):
    """Brightness, contrast, saturation and hue in the image's own order."""
    operations = _operations(params, impl, rgb=len(parts) == 3)

    def act(place, *parts):
        chosen = params.order[0, place]
        branches = [
            lambda change=change: change(parts) for change in operations
        ]
        return [place + 1, *tf.switch_case(chosen, branches)]

    places = params.order.shape[1]
    _, *parts = tf.while_loop(
        lambda place, *_: place < places, act, [0, *parts]
    )
    return parts


def _operations(params, impl, rgb):
    """Functions from parts to parts, in the numbering of `order`."""
    same, no_turn = tf.ones([1]), tf.zeros([1])

    def brightness(part):
        if impl == "simclrv1":  # adds what version 2 multiplies by, less 1
            return color.add_brightness(part, params.brightness - 1.0)
        return color.adjust_brightness(part, params.brightness)

    def contrast(part):
        return color.adjust_contrast(part, params.contrast)

    def each(change):
        return lambda parts: [
            tf.clip_by_value(change(part), 0.0, 1.0) for part in parts
        ]

    def hsv(factor, turn):  # between 0 and 1 by itself
        if not rgb:
            return list
        return lambda parts: color.adjust_hsv(*parts, factor, turn)

    return (
        each(brightness),
        each(contrast),
        hsv(params.saturation, no_turn),
        hsv(same, params.hue),
    )


def _blur(planes, params):
    """Blurs the image if it was drawn, by a kernel of a tenth of its height."""

    def blurred():
        alone = planes[:, None]
        size = planes.shape[1] // simclr.BLUR_KERNEL
        return blur_planes(alone, size, params.sigma)[:, 0]

    return tf.cond(params.blurred[0], blurred, lambda: planes)
