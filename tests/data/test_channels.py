"""Images that are not RGB: what is made of them, and what is left alone."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data import sources
from simclrv2_tf.data.augment import distortion
from simclrv2_tf.data.augment import policy
from simclrv2_tf.data.augment.params import draw_parameters

RNG = np.random.default_rng(0)


def source_of(channels, dtype=np.uint8):
    images = RNG.integers(0, 256, (6, 9, 9, channels)).astype(np.uint8)
    if dtype == np.float32:
        images = images / np.float32(255)
    return sources.from_dataset(tf.data.Dataset.from_tensor_slices(images))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_to_rgb_and_back(dtype):
    grey = source_of(1, dtype)
    image, _ = grey.with_channels(3).reader()(2)
    expected = np.repeat(grey.storage.array[2], 3, -1) / (
        1 if dtype != np.uint8 else 255
    )
    np.testing.assert_allclose(image, expected, rtol=1e-6)
    rgb = source_of(3, dtype)
    image, _ = rgb.with_channels(1).reader()(2)
    luma = rgb.storage.array[2] @ [0.2989, 0.5870, 0.1140]
    luma /= 255 if dtype == np.uint8 else 1
    np.testing.assert_allclose(image[..., 0], luma, atol=1e-6)


def test_many_channels_stay_as_they_are():
    many = source_of(5)
    image, _ = many.with_channels(5).reader()(0)
    np.testing.assert_allclose(image, many.storage.array[0] / 255, rtol=1e-6)
    with pytest.raises(ValueError, match="`channels` must be 5.*channels=3"):
        many.with_channels(3)


@pytest.mark.parametrize("channels", [1, 5])
def test_views_of_other_channels_are_treated_alike(channels):
    """Brightness and contrast treat planes apart, so each is as if alone."""
    images = tf.constant(RNG.random((40, 8, 8, channels), np.float32))
    whole = policy.augment_views(images, [1, 2])
    assert whole.shape == images.shape
    assert not np.allclose(whole, images)
    for plane in range(channels):
        alone = policy.augment_views(images[..., plane : plane + 1], [1, 2])
        np.testing.assert_allclose(whole[..., plane], alone[..., 0], atol=1e-6)


def test_brightness_and_contrast_of_grey_are_those_of_rgb():
    """Without saturation, hue and grey a grey RGB image stays grey."""
    grey = tf.constant(RNG.random((1, 60, 64), np.float32))
    params = draw_parameters([3, 4], 60, 1.0)
    ours = distortion.distort_color(grey, params)
    rgb = distortion.distort_color(tf.repeat(grey, 3, 0), params)
    # Luma's weights have the sum 0.9999; the rest leaves grey as it is.
    np.testing.assert_allclose(ours[0], rgb[0], atol=2e-4)
