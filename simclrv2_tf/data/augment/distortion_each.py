"""Colour distortion and blur of a batch image by image, compiled as one.

On a processor an image and all that becomes of it fit into its cache, and
branches are real: half of the images are blurred, and each place of the order
does one operation of four, while the batch form works all of them out for all
images. With 224 pixels that takes two thirds of the time of `distortion`; an
accelerator, and small images, are better off with the whole batch. The values
are the same to the last digits.
"""

import tensorflow as tf

from simclrv2_tf.data.augment import color as color_ops
from simclrv2_tf.data.augment import gaussian_blur as blurring
from simclrv2_tf.data.augment.params import Amounts


@tf.function(jit_compile=True)
def distort(images, amounts, impl="simclrv2", color=True, blur=True):
    """`distortion.distort`, its arguments and its result, image by image."""

    def one(row):
        own = Amounts(*(amount[row][None] for amount in amounts))
        planes = tf.transpose(images[row], [2, 0, 1])
        if color:
            planes = _distort_color(planes, own, impl)
        if blur:
            planes = _blur(planes, own)
        planes = tf.clip_by_value(planes, 0.0, 1.0)
        return tf.transpose(planes, [1, 2, 0])

    rows = tf.range(tf.shape(images)[0])
    return tf.map_fn(one, rows, fn_output_signature=images.dtype)


def _distort_color(planes, amounts, impl):
    """(channels, height, width), one row of `Amounts`."""
    channels, height, width = planes.shape
    parts = tf.reshape(planes, [channels, 1, height * width])
    # Branches and loops take the colours one by one: as one array, the
    # compiler would work out the hue anew for each.
    parts = tf.unstack(parts) if channels == 3 else [parts]
    parts = _if(amounts.jittered, lambda *p: _jitter(p, amounts, impl), parts)
    if channels == 3:
        parts = _if(amounts.gray, lambda *p: [color_ops.luma(*p)] * 3, parts)
    return tf.reshape(tf.stack(parts), planes.shape)


def _if(condition, change, parts):
    return tf.cond(condition[0], lambda: change(*parts), lambda: parts)


def _jitter(parts, amounts, impl):
    """Brightness, contrast, saturation and hue in the image's own order."""
    operations = _operations(amounts, impl, rgb=len(parts) == 3)

    def act(place, *parts):
        chosen = amounts.order[0, place]
        branches = [
            lambda change=change: change(parts) for change in operations
        ]
        return [place + 1, *tf.switch_case(chosen, branches)]

    places = amounts.order.shape[1]
    _, *parts = tf.while_loop(
        lambda place, *_: place < places, act, [0, *parts]
    )
    return parts


def _operations(amounts, impl, rgb):
    """Functions from parts to parts, as `Amounts.order` numbers them."""
    same, no_turn = tf.ones([1]), tf.zeros([1])

    def brightness(part):
        if impl == "simclrv1":  # adds what version 2 multiplies by, less 1
            return color_ops.add_brightness(part, amounts.brightness - 1.0)
        return color_ops.adjust_brightness(part, amounts.brightness)

    def contrast(part):
        return color_ops.adjust_contrast(part, amounts.contrast)

    def each(change):
        return lambda parts: [
            tf.clip_by_value(change(part), 0.0, 1.0) for part in parts
        ]

    def hsv(factor, turn):  # between 0 and 1 by itself
        if not rgb:
            return list
        return lambda parts: color_ops.adjust_hsv(*parts, factor, turn)

    return (
        each(brightness),
        each(contrast),
        hsv(amounts.saturation, no_turn),
        hsv(same, amounts.hue),
    )


def _blur(planes, amounts):
    """Blurs an image that is to be, with a kernel of a tenth of its height."""

    def blurred():
        alone = planes[:, None]
        size = planes.shape[1] // 10
        return blurring.blur_planes(alone, size, amounts.sigma)[:, 0]

    return tf.cond(amounts.blurred[0], blurred, lambda: planes)
