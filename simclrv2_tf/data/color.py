"""Colour operations on batches: pure, one amount per image.

They work on planes, float (3, batch, pixels): with the colours first the
compiler can run along the pixels. `to_planes` and `from_planes` convert.
Brightness and contrast take any number of planes.
"""

import tensorflow as tf

# ITU-R BT.601 luma, as in tf.image.rgb_to_grayscale.
LUMA = (0.2989, 0.5870, 0.1140)


def to_planes(images):
    """(batch, height, width, 3) to (3, batch, height * width)."""
    shape = tf.shape(images)
    planes = tf.transpose(images, [3, 0, 1, 2])
    channels = images.shape[-1]
    return tf.reshape(planes, [channels, shape[0], shape[1] * shape[2]])


def from_planes(planes, images):
    """Back to the shape of `images`."""
    shape = tf.shape(images)
    channels = images.shape[-1]
    planes = tf.reshape(planes, [channels, shape[0], shape[1], shape[2]])
    return tf.ensure_shape(tf.transpose(planes, [1, 2, 3, 0]), images.shape)


def grayscale(planes):
    """Luma in all three planes."""
    weights = tf.constant(LUMA, planes.dtype)[:, None, None]
    luma = tf.reduce_sum(planes * weights, axis=0, keepdims=True)
    return tf.repeat(luma, 3, axis=0)


def adjust_brightness(planes, factor):
    """planes * factor, factor (batch,)."""
    return planes * factor[:, None]


def add_brightness(planes, delta):
    """planes + delta, delta (batch,): the form of SimCLR version 1."""
    return planes + delta[:, None]


def adjust_contrast(planes, factor):
    """Distance from each plane's mean times factor (batch,)."""
    mean = tf.reduce_mean(planes, axis=-1, keepdims=True)
    return (planes - mean) * factor[:, None] + mean


def adjust_saturation(planes, factor):
    """HSV saturation times factor (batch,), at most 1.

    Hue and value stay, so each plane keeps its share of the distance to the
    largest one and no conversion is needed.
    """
    value = tf.reduce_max(planes, axis=0)
    chroma = value - tf.reduce_min(planes, axis=0)
    most = tf.math.divide_no_nan(value, chroma)  # saturation 1 lies there
    ratio = tf.minimum(factor[:, None], most)
    return value - (value - planes) * ratio


def adjust_hue(planes, delta):
    """HSV hue plus delta (batch,) turns, delta in [-1, 1]."""
    value = tf.reduce_max(planes, axis=0)
    chroma = value - tf.reduce_min(planes, axis=0)
    hue = _hue(planes, value, chroma) + 6.0 * delta[:, None]
    return tf.stack(
        [_channel(hue, start, value, chroma) for start in (5, 3, 1)]
    )


def _channel(hue, start, value, chroma):
    """The plane whose trapezoid over the hues starts at `start` sixths."""
    place = hue + float(start)
    place -= 6.0 * tf.floor(place / 6.0)
    share = tf.clip_by_value(tf.minimum(place, 4.0 - place), 0.0, 1.0)
    return value - chroma * share


def _hue(planes, value, chroma):
    """Hue in sixths of a turn; 0 where there is no colour."""
    red, green, blue = planes[0], planes[1], planes[2]
    scale = tf.math.divide_no_nan(1.0, chroma)
    second = tf.where(
        value == green, 2.0 + (blue - red) * scale, 4.0 + (red - green) * scale
    )
    return tf.where(value == red, (green - blue) * scale, second)
