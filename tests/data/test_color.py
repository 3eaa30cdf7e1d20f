"""Colour, blur and augmentation against TensorFlow's ops and the figures."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data import augment
from simclrv2_tf.data import blur
from simclrv2_tf.data import color

IMAGES = np.random.default_rng(0).random((4, 20, 24, 3), np.float32)


def by_planes(operation, amount):
    planes = color.to_planes(tf.constant(IMAGES))
    changed = operation(planes, tf.fill([len(IMAGES)], amount))
    return color.from_planes(changed, tf.constant(IMAGES))


@pytest.mark.parametrize(
    ("ours", "theirs", "amounts"),
    [
        (color.adjust_saturation, tf.image.adjust_saturation, (0.0, 0.3, 1.9)),
        (color.adjust_hue, tf.image.adjust_hue, (-0.2, 0.05, 0.2)),
        (color.adjust_contrast, tf.image.adjust_contrast, (0.0, 0.5, 1.8)),
        (color.add_brightness, tf.image.adjust_brightness, (-0.3, 0.4)),
    ],
)
def test_operations_equal_tensorflow(ours, theirs, amounts):
    for amount in amounts:
        expected = theirs(IMAGES, amount)
        np.testing.assert_allclose(by_planes(ours, amount), expected, atol=1e-5)


def test_amounts_that_change_nothing():
    for operation, amount in [
        (color.adjust_brightness, 1.0),
        (color.adjust_contrast, 1.0),
        (color.adjust_saturation, 1.0),
        (color.adjust_hue, 0.0),
        (color.adjust_hue, 1.0),
    ]:
        same = by_planes(operation, amount)
        np.testing.assert_allclose(same, IMAGES, atol=1e-5)


def test_gray_images_have_no_hue_or_saturation_to_change():
    gray = np.repeat(IMAGES[..., :1], 3, axis=-1)
    planes = color.to_planes(tf.constant(gray))
    amount = tf.fill([len(gray)], 0.3)
    for operation in (color.adjust_hue, color.adjust_saturation):
        np.testing.assert_allclose(operation(planes, amount), planes, atol=1e-6)


def test_image_ops_parity(parity_dir):
    figures = np.load(parity_dir / "ops" / "image_ops.npz")
    images = tf.constant(figures["image"])
    gray = color.from_planes(color.grayscale(color.to_planes(images)), images)
    np.testing.assert_allclose(gray, figures["to_grayscale"], atol=1e-5)
    names = [name for name in figures if name.startswith("gaussian_blur")]
    assert names
    for name in names:
        size, sigma = name.split("/k")[1].split("_s")
        ours = blur.gaussian_blur(images, int(size), float(sigma))
        np.testing.assert_allclose(ours, figures[name], atol=1e-5)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_statistics_of_the_colour_distortion(parity_dir, strength):
    """Quantiles of 20,000 draws lie within five standard errors.

    The standard error of the share below a quantile is sqrt(q (1 - q) / n);
    both sides are samples, hence the factor sqrt(2).
    """
    figures = np.load(parity_dir / "ops" / "augment_statistics.npz")
    image = tf.constant(figures["jitter/image"])
    count = 20_000
    drawn = augment.augment_views(
        tf.repeat(image[None], count, axis=0),
        tf.constant([1, 2]),
        strength=strength,
        blur=False,
    ).numpy()
    ours = {
        "mean": drawn.mean((1, 2, 3)),
        "std": drawn.std((1, 2, 3)),
        "chroma": (drawn.max(-1) - drawn.min(-1)).mean((1, 2)),
    }
    for name, values in ours.items():
        _same_quantiles(values, figures, f"jitter{strength}/{name}")
    gray = (ours["chroma"] < 1e-6).mean()
    expected = figures[f"jitter{strength}/gray_fraction"]
    assert abs(gray - expected) < 5 * np.sqrt(2 * 0.2 * 0.8 / count)


def _same_quantiles(values, figures, name):
    quantiles = figures["crop/quantiles"]
    for q, place in zip(quantiles, figures[name], strict=True):
        below = (values < place - 1e-5).mean()
        above = (values <= place + 1e-5).mean()
        slack = 5 * np.sqrt(2 * max(q * (1 - q), 1e-3) / len(values))
        assert below - slack <= q <= above + slack, (name, q, below, above)


def test_a_row_depends_on_seed_and_place_alone():
    images = tf.constant(IMAGES)
    whole = augment.augment_views(images, tf.constant([3, 4]))
    rest = augment.augment_views(images[2:], tf.constant([3, 4]), 2, 4)
    np.testing.assert_array_equal(whole[2:], rest)
    other = augment.augment_views(images, tf.constant([3, 5]))
    assert not np.allclose(whole, other)


def test_compiled_equals_plain_and_stays_in_range():
    images, seed = tf.constant(IMAGES), tf.constant([5, 6])
    ours = augment.augment_views(images, seed, blur=False)
    amounts = augment.draw_amounts(seed, len(IMAGES), 1.0)
    planes = color.to_planes(images)
    plain = augment.distort_color(planes, amounts)
    expected = color.from_planes(plain, images)
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    assert ours.numpy().min() >= 0
    assert ours.numpy().max() <= 1


def test_inside_tf_data():
    seed = tf.constant([1, 1])
    mapped = tf.data.Dataset.from_tensors(IMAGES).map(
        lambda images: augment.augment_views(images, seed)
    )
    eager = augment.augment_views(tf.constant(IMAGES), seed)
    np.testing.assert_allclose(next(iter(mapped)), eager, atol=1e-6)


def test_version_1_adds_brightness():
    images, seed = tf.constant(IMAGES), tf.constant([5, 6])
    first = augment.augment_views(images, seed, impl="simclrv1")
    second = augment.augment_views(images, seed)
    assert not np.allclose(first, second)
    with pytest.raises(ValueError, match="`color_jitter_impl` must be one of"):
        augment.augment_views(images, seed, impl="simclrv3")


def test_strength_above_the_original_limit_and_zero():
    images, seed = tf.constant(IMAGES), tf.constant([5, 6])
    strong = augment.augment_views(images, seed, strength=2.0)
    assert np.isfinite(strong).all()
    same = augment.augment_views(images, seed, strength=0.0, blur=False)
    np.testing.assert_array_equal(same, IMAGES)


def test_blur_spreads_a_point_as_a_gaussian():
    point = np.zeros((1, 9, 9, 1), np.float32)
    point[0, 4, 4] = 1
    sigma, places = 0.8, np.arange(-2, 3)
    row = np.exp(-(places**2) / (2 * sigma**2))
    row /= row.sum()
    ours = blur.gaussian_blur(point, 4, sigma)[0, 2:7, 2:7, 0]
    np.testing.assert_allclose(ours, np.outer(row, row), atol=1e-6)


def test_per_image_blur_draws_a_width_for_each():
    seed = tf.constant([1, 2])
    shared = augment.draw_amounts(seed, 8, 1.0).sigma.numpy()
    apart = augment.draw_amounts(seed, 8, 1.0, per_image_blur=True).sigma
    assert len(set(shared)) == 1
    assert len(set(apart.numpy())) == 8
