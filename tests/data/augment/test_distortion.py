"""Both forms of the distortion: of whole batches, and of image by image."""

import numpy as np
import pytest
import tensorflow as tf
from color_planes import from_planes
from color_planes import to_planes

from simclrv2_tf.data.augment import distortion
from simclrv2_tf.data.augment import distortion_each
from simclrv2_tf.data.augment.params import draw_parameters

RNG = np.random.default_rng(0)
COUNT = 64  # images: all 24 orders, and each choice taken and left


def drawn(strength=1.0, seed=(5, 6), per_image_blur=True):
    return draw_parameters(
        tf.constant(seed), COUNT, strength, per_image_blur=per_image_blur
    )


def images_of(channels=3, height=20, width=24):
    return tf.constant(RNG.random((COUNT, height, width, channels), np.float32))


def test_compiled_equals_plain_and_stays_in_range():
    images, params = images_of(), drawn()
    ours = distortion.distort(images, params, blur=False)
    plain = distortion.distort_color(to_planes(images), params)
    expected = from_planes(plain, images)
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    assert ours.numpy().min() >= 0
    assert ours.numpy().max() <= 1


def test_parameters_hold_every_case():
    params = drawn()
    assert len({tuple(row) for row in params.order.numpy()}) > 20
    for chance in (params.jittered, params.gray, params.blurred):
        assert 0 < chance.numpy().sum() < COUNT


@pytest.mark.parametrize(
    ("channels", "impl"),
    [
        (3, "simclrv2"),
        (5, "simclrv1"),
        pytest.param(3, "simclrv1", marks=pytest.mark.slow),
        pytest.param(1, "simclrv2", marks=pytest.mark.slow),
        # What is not RGB takes one way, however many channels it has.
        pytest.param(1, "simclrv1", marks=pytest.mark.slow),
        pytest.param(5, "simclrv2", marks=pytest.mark.slow),
    ],
)
def test_image_by_image_equals_the_batch(channels, impl):
    images, params = images_of(channels), drawn()
    whole = distortion.distort(images, params, impl)
    each = distortion_each.distort(images, params, impl)
    assert each.shape == images.shape
    np.testing.assert_allclose(each, whole, atol=2e-6)
    assert not np.allclose(each, images, atol=0.05)


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("blur", [False, True])
def test_image_by_image_leaves_out_what_the_batch_does(color, blur):
    images, params = images_of(), drawn(strength=0.5)
    parts = {"color": color, "blur": blur}
    whole = distortion.distort(images, params, **parts)
    each = distortion_each.distort(images, params, **parts)
    np.testing.assert_allclose(each, whole, atol=2e-6)
    if not color and not blur:
        np.testing.assert_array_equal(each, images)


@pytest.mark.slow
def test_one_image_in_the_middle_of_a_compiled_step():
    """As where a whole training step is compiled."""
    images, params = images_of()[:1], drawn()
    first = type(params)(*(amount[:1] for amount in params))
    step = tf.function(
        lambda images: distortion_each.distort(images * 1.0, first) + 1.0,
        jit_compile=True,
    )
    whole = distortion.distort(images, first)
    np.testing.assert_allclose(step(images) - 1.0, whole, atol=2e-6)
