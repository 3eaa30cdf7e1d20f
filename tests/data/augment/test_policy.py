"""Augmentation of views: statistics, seeds, what is done and what not."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.augment import policy
from simclrv2_tf.data.augment.params import draw_parameters

IMAGES = np.random.default_rng(0).random((4, 20, 24, 3), np.float32)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_statistics_of_the_colour_distortion(parity_dir, strength):
    """Quantiles of 20,000 draws lie within five standard errors.

    The standard error of the share below a quantile is sqrt(q (1 - q) / n);
    both sides are samples, hence the factor sqrt(2).
    """
    figures = np.load(parity_dir / "ops" / "augment_statistics.npz")
    image = tf.constant(figures["jitter/image"])
    count = 20_000
    drawn = policy.augment_views(
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


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_as_many_views_turn_grey_as_are_asked_for(share):
    """Within five standard errors, sqrt(s (1 - s) / n)."""
    count = 4000
    gray = draw_parameters([1, 2], count, 1.0, grayscale=share).gray.numpy()
    slack = 5 * np.sqrt(share * (1 - share) / count)
    assert abs(gray.mean() - share) <= slack


def test_no_view_turns_grey_where_none_shall():
    images = tf.repeat(tf.constant(IMAGES), 16, axis=0)
    options = {"strength": 0.1, "blur": False}
    for share, expected in ((0.0, 0), (1.0, len(images))):
        views = policy.augment_views(images, [1, 2], grayscale=share, **options)
        chroma = np.ptp(views.numpy(), axis=-1).max((1, 2))
        assert (chroma < 1e-6).sum() == expected


@pytest.mark.slow
def test_a_row_depends_on_seed_and_place_alone():
    images = tf.constant(IMAGES)
    whole = policy.augment_views(images, tf.constant([3, 4]))
    rest = policy.augment_views(images[2:], tf.constant([3, 4]), 2, 4)
    np.testing.assert_array_equal(whole[2:], rest)
    other = policy.augment_views(images, tf.constant([3, 5]))
    assert not np.allclose(whole, other)


def test_inside_tf_data():
    seed = tf.constant([1, 1])
    mapped = tf.data.Dataset.from_tensors(IMAGES).map(
        lambda images: policy.augment_views(images, seed)
    )
    eager = policy.augment_views(tf.constant(IMAGES), seed)
    np.testing.assert_allclose(next(iter(mapped)), eager, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("side", [16, 80])
def test_a_batch_of_unknown_size(side):
    images, seed = (
        tf.random.stateless_uniform((3, side, side, 3), [0, 1]),
        [1, 2],
    )
    traced = tf.function(
        lambda images: policy.augment_views(images, seed),
        input_signature=[tf.TensorSpec([None, side, side, 3])],
    )
    known = policy.augment_views(images, seed)
    np.testing.assert_allclose(traced(images), known, atol=1e-6)


def test_version_1_adds_brightness():
    images, seed = tf.constant(IMAGES), tf.constant([5, 6])
    first = policy.augment_views(images, seed, impl="simclrv1")
    second = policy.augment_views(images, seed)
    assert not np.allclose(first, second)
    with pytest.raises(ValueError, match="`color_jitter_impl` must be one of"):
        policy.augment_views(images, seed, impl="simclrv3")


def test_strength_above_the_original_limit_and_zero():
    images, seed = tf.constant(IMAGES), tf.constant([5, 6])
    strong = policy.augment_views(images, seed, strength=2.0)
    assert np.isfinite(strong).all()
    same = policy.augment_views(images, seed, strength=0.0, blur=False)
    np.testing.assert_array_equal(same, IMAGES)


def test_per_image_blur_draws_a_width_for_each():
    seed = tf.constant([1, 2])
    shared = draw_parameters(seed, 8, 1.0).sigma.numpy()
    apart = draw_parameters(seed, 8, 1.0, per_image_blur=True).sigma
    assert len(set(shared)) == 1
    assert len(set(apart.numpy())) == 8


@pytest.mark.parametrize("devices", ["GPU", "TPU", "CPU"])
@pytest.mark.parametrize("side", [32, 80])
def test_large_images_go_one_by_one_where_there_is_no_accelerator(
    monkeypatch, devices, side
):
    forms = []
    for form in ("distortion", "distortion_each"):
        monkeypatch.setattr(
            getattr(policy, form),
            "distort",
            lambda *_, f=form: forms.append(f),
        )
    monkeypatch.setattr(
        tf.config,
        "list_logical_devices",
        lambda kind: ["/device:0"] * (kind == devices),
    )
    policy.augment_views(tf.zeros([2, side, side, 3]), [1, 2])
    alone = side > policy.SMALL and devices == "CPU"
    assert forms == ["distortion_each" if alone else "distortion"]
