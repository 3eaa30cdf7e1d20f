"""Crops against a naive twin, parity figures and statistics."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data import crops


def test_ops_parity(parity_dir):
    figures = np.load(parity_dir / "ops" / "image_ops.npz")
    for index, image in enumerate(figures["image"]):
        for name in figures:
            kind, _, size = name.partition("/")
            if kind == "center_crop":
                ours = crops.center_crop(image, *map(int, size.split("x")))
            elif kind == "bicubic":
                ours = crops.resize(image, *map(int, size.split("x")))
            else:
                continue
            np.testing.assert_allclose(ours, figures[name][index], atol=1e-5)


def test_statistics_of_the_random_crop(parity_dir):
    """Quantiles of 20,000 draws lie within five standard errors."""
    figures = np.load(parity_dir / "ops" / "augment_statistics.npz")
    count, height, width = 20_000, 96, 128
    boxes = (
        tf.data.Dataset.range(count)
        .map(
            lambda i: crops.crop_box(
                tf.constant([height, width, 3]),
                tf.stack([7, tf.cast(i, tf.int32)]),
            )
        )
        .batch(count)
    )
    offset, size = (x.numpy() for x in next(iter(boxes)))
    ours = {
        "area": size[:, 0] * size[:, 1] / (height * width),
        "aspect": size[:, 1] / size[:, 0],
        "top": offset[:, 0] / height,
        "left": offset[:, 1] / width,
    }
    for name, values in ours.items():
        places = figures[f"crop/{name}"]
        for q, place in zip(figures["crop/quantiles"], places, strict=True):
            below = (values < place - 1e-6).mean()
            above = (values <= place + 1e-6).mean()
            slack = 5 * np.sqrt(2 * max(q * (1 - q), 1e-3) / count)
            assert below - slack <= q <= above + slack, (name, q)


def test_random_view_is_stateless_and_in_range():
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    first = crops.random_view(image, 16, tf.constant([1, 2]))
    again = crops.random_view(image, 16, tf.constant([1, 2]))
    other = crops.random_view(image, 16, tf.constant([1, 3]))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    assert first.shape == (16, 16, 3)
    assert 0 <= first.numpy().min() <= first.numpy().max() <= 1


@pytest.mark.parametrize(("size", "shape"), [(32, (32, 32)), (16, (8, 9))])
def test_small_images_are_looked_at_whole(size, shape):
    image = np.random.default_rng(0).random((*shape, 3), np.float32)
    ours = crops.preprocess_for_eval(image, size)
    assert ours.shape == (size, size, 3)
    if shape == (size, size):
        np.testing.assert_allclose(ours, image, atol=1e-6)


def test_large_images_lose_their_rim():
    image = np.zeros((64, 64, 3), np.float32)
    image[4:60, 4:60] = 1.0  # 0.875 of 64 is 56
    ours = crops.preprocess_for_eval(image, 56)
    np.testing.assert_allclose(ours, 1.0, atol=1e-6)
