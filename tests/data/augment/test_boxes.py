"""Random crops: the distribution of TensorFlow's operation, and the figures."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.augment import boxes
from simclrv2_tf.data.augment import simclr

COUNT = 20_000


@functools.cache
def uniforms(count):
    return boxes.draw(tf.constant([7, 0]), count, 1).uniforms[:, 0]


def drawn(height, width, count=COUNT):
    """Boxes of as many images, int (count, 4)."""
    return boxes.choose(uniforms(count), height, width).numpy()


def by_tensorflow(height, width, count=COUNT):
    def box(index):
        offset, size, _ = tf.image.stateless_sample_distorted_bounding_box(
            tf.constant([height, width, 3]),
            tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
            seed=tf.stack([3, tf.cast(index, tf.int32)]),
            min_object_covered=simclr.MIN_COVERED,
            aspect_ratio_range=simclr.ASPECT,
            area_range=simclr.AREA,
            max_attempts=simclr.ATTEMPTS,
            use_image_if_no_bounding_boxes=True,
        )
        return tf.concat([offset[:2], size[:2]], axis=0)

    dataset = tf.data.Dataset.range(count).map(box).batch(count)
    return next(iter(dataset)).numpy()


def test_quantiles_of_the_original(parity_dir):
    """Quantiles of 20,000 draws lie within five standard errors."""
    figures = np.load(parity_dir / "ops" / "augment_statistics.npz")
    height, width = 96, 128
    top, left, rows, columns = drawn(height, width).T
    ours = {
        "area": rows * columns / (height * width),
        "aspect": columns / rows,
        "top": top / height,
        "left": left / width,
    }
    for name, values in ours.items():
        places = figures[f"crop/{name}"]
        for q, place in zip(figures["crop/quantiles"], places, strict=True):
            below = (values < place - 1e-6).mean()
            above = (values <= place + 1e-6).mean()
            slack = 5 * np.sqrt(2 * max(q * (1 - q), 1e-3) / COUNT)
            assert below - slack <= q <= above + slack, (name, q)


@pytest.mark.parametrize(
    ("height", "width"),
    [
        (32, 32),
        pytest.param(8, 9, marks=pytest.mark.slow),
        pytest.param(7, 60, marks=pytest.mark.slow),
        pytest.param(200, 20, marks=pytest.mark.slow),
        # Its quantiles are compared above.
        pytest.param(96, 128, marks=pytest.mark.slow),
    ],
)
def test_the_distribution_of_tensorflow(height, width):
    """Each coordinate's distribution function, within five standard errors.

    Both are samples; the largest distance of two distribution functions of n
    draws exceeds 1.95 sqrt(2 / n) once in a thousand (Kolmogorov, Smirnov).
    """
    ours = drawn(height, width)
    theirs = by_tensorflow(height, width)
    for column in range(4):
        values = np.arange(max(height, width) + 1)
        a, b = (
            np.searchsorted(np.sort(x[:, column]), values, "right") / COUNT
            for x in (ours, theirs)
        )
        assert np.abs(a - b).max() < 1.95 * np.sqrt(2 / COUNT), column
    whole = (0, 0, height, width)
    shares = [(x == whole).all(axis=1).mean() for x in (ours, theirs)]
    assert abs(shares[0] - shares[1]) < 0.02


def test_boxes_lie_inside():
    for height, width in [(1, 1), (2, 3), (32, 32), (5, 300)]:
        top, left, rows, columns = drawn(height, width, 500).T
        assert (top >= 0).all() and (top + rows <= height).all()
        assert (left >= 0).all() and (left + columns <= width).all()
        assert (rows > 0).all() and (columns > 0).all()


def test_the_whole_image_where_no_crop_fits():
    """A crop of one row of 400 pixels has an aspect of at most 4 / 3."""
    assert (drawn(1, 400, 50) == (0, 0, 1, 400)).all()


def test_rows_do_not_depend_on_who_draws_them():
    seed = tf.constant([1, 2])
    whole = boxes.draw(seed, 8, 2)
    part = boxes.draw(seed, 3, 2, first=4, total=8)
    np.testing.assert_array_equal(whole.uniforms[4:7], part.uniforms)
    np.testing.assert_array_equal(whole.mirrored[4:7], part.mirrored)


@pytest.mark.parametrize("least", [0.3, 0.7, 1.0])
def test_no_crop_is_smaller_than_is_allowed(least):
    uniforms = boxes.draw(tf.constant([3, 0]), 500, 1).uniforms[:, 0]
    chosen = boxes.choose(uniforms, 40, 50, least).numpy()
    shares = chosen[:, 2] * chosen[:, 3] / (40 * 50)
    assert shares.min() >= least
    assert (shares < least + 0.1).any()


def test_without_flips_the_same_crops_stand_as_they_are():
    seed = tf.constant([1, 2])
    usual, plain = boxes.draw(seed, 64, 2), boxes.draw(seed, 64, 2, flip=False)
    np.testing.assert_array_equal(usual.uniforms, plain.uniforms)
    assert 0.3 < usual.mirrored.numpy().mean() < 0.7
    assert not plain.mirrored.numpy().any()
