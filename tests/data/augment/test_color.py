"""Colour and blur against TensorFlow's ops and the figures."""

import numpy as np
import pytest
import tensorflow as tf
from color_planes import from_planes
from color_planes import to_planes

from simclrv2_tf.data.augment import color
from simclrv2_tf.data.augment import gaussian_blur

IMAGES = np.random.default_rng(0).random((4, 20, 24, 3), np.float32)


def grayscale(planes):
    """Luma in all three planes."""
    return tf.repeat(color.luma(*tf.unstack(planes))[None], 3, axis=0)


def adjust_saturation(planes, factor):
    """HSV saturation times factor (batch,), at most 1."""
    no_turn = tf.zeros_like(factor)
    return tf.stack(color.adjust_hsv(*tf.unstack(planes), factor, no_turn))


def adjust_hue(planes, delta):
    """HSV hue plus delta (batch,) turns, delta in [-1, 1]."""
    same = tf.ones_like(delta)
    return tf.stack(color.adjust_hsv(*tf.unstack(planes), same, delta))


def by_planes(operation, amount):
    planes = to_planes(tf.constant(IMAGES))
    changed = operation(planes, tf.fill([len(IMAGES)], amount))
    return from_planes(changed, tf.constant(IMAGES))


@pytest.mark.parametrize(
    ("ours", "theirs", "params"),
    [
        (adjust_saturation, tf.image.adjust_saturation, (0.0, 0.3, 1.9)),
        (adjust_hue, tf.image.adjust_hue, (-0.2, 0.05, 0.2)),
        (color.adjust_contrast, tf.image.adjust_contrast, (0.0, 0.5, 1.8)),
        (color.add_brightness, tf.image.adjust_brightness, (-0.3, 0.4)),
    ],
)
def test_operations_equal_tensorflow(ours, theirs, params):
    for amount in params:
        expected = theirs(IMAGES, amount)
        np.testing.assert_allclose(by_planes(ours, amount), expected, atol=1e-5)


def test_parameters_that_change_nothing():
    for operation, amount in [
        (color.adjust_brightness, 1.0),
        (color.adjust_contrast, 1.0),
        (adjust_saturation, 1.0),
        (adjust_hue, 0.0),
        (adjust_hue, 1.0),
    ]:
        same = by_planes(operation, amount)
        np.testing.assert_allclose(same, IMAGES, atol=1e-5)


def test_gray_images_have_no_hue_or_saturation_to_change():
    gray = np.repeat(IMAGES[..., :1], 3, axis=-1)
    planes = to_planes(tf.constant(gray))
    amount = tf.fill([len(gray)], 0.3)
    for operation in (adjust_hue, adjust_saturation):
        np.testing.assert_allclose(operation(planes, amount), planes, atol=1e-6)


def test_image_ops_parity(parity_dir):
    figures = np.load(parity_dir / "ops" / "image_ops.npz")
    images = tf.constant(figures["image"])
    gray = from_planes(grayscale(to_planes(images)), images)
    np.testing.assert_allclose(gray, figures["to_grayscale"], atol=1e-5)
    names = [name for name in figures if name.startswith("gaussian_blur")]
    assert names
    for name in names:
        size, sigma = name.split("/k")[1].split("_s")
        ours = gaussian_blur.gaussian_blur(images, int(size), float(sigma))
        np.testing.assert_allclose(ours, figures[name], atol=1e-5)


def test_blur_spreads_a_point_as_a_gaussian():
    point = np.zeros((1, 9, 9, 1), np.float32)
    point[0, 4, 4] = 1
    sigma, places = 0.8, np.arange(-2, 3)
    row = np.exp(-(places**2) / (2 * sigma**2))
    row /= row.sum()
    ours = gaussian_blur.gaussian_blur(point, 4, sigma)[0, 2:7, 2:7, 0]
    np.testing.assert_allclose(ours, np.outer(row, row), atol=1e-6)
