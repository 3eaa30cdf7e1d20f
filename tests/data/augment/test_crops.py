"""Crops of one image and of batches, against slices and parity figures."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.augment import boxes
from simclrv2_tf.data.augment import crops


def test_ops_parity(parity_dir):
    figures = np.load(parity_dir / "ops" / "image_ops.npz")
    kinds = {name.partition("/")[0] for name in figures}
    assert {"center_crop", "bicubic"} <= kinds and len(figures["image"])
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


IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def draws_of(seed, batch=1, views=2):
    return boxes.draw(tf.constant(seed), batch, views)


def one_row(draws, row=0):
    return tf.nest.map_structure(lambda x: x[row], draws)


def test_views_are_stateless_and_in_range():
    def views(seed):
        return crops.image_views(tf.constant(IMAGE), one_row(seed), 16)

    first, second = views(draws_of([1, 2]))
    again, _ = views(draws_of([1, 2]))
    other, _ = views(draws_of([1, 3]))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, second)
    assert not np.allclose(first, other)
    assert first.shape == (16, 16, 3)
    assert 0 <= first.numpy().min() <= first.numpy().max() <= 1


def test_a_view_is_the_crop_resized_and_mirrored():
    draws = draws_of([4, 4], batch=12)
    assert len(set(draws.mirrored.numpy().ravel())) == 2
    for row in range(12):
        draw = one_row(draws, row)
        views = crops.image_views(tf.constant(IMAGE), draw, 16)
        places = boxes.choose(draw.uniforms, 20, 30).numpy()
        for view, box, mirrored in zip(
            views, places, draw.mirrored, strict=True
        ):
            top, left, rows, columns = box
            crop = IMAGE[top : top + rows, left : left + columns] / 255.0
            expected = crops.resize(crop, 16, 16)
            expected = expected[:, ::-1] if mirrored else expected
            np.testing.assert_allclose(view, np.clip(expected, 0, 1), atol=1e-5)


@pytest.mark.parametrize(
    "dtype", [np.uint8, pytest.param(np.float32, marks=pytest.mark.slow)]
)
def test_a_batch_gives_what_each_image_gives(dtype):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (9, 20, 30, 3)).astype(np.uint8)
    if dtype == np.float32:
        images = (images / 255.0).astype(np.float32)
    images = tf.constant(images)
    draws = draws_of([7, 1], batch=9)
    whole = crops.batch_views(images, draws, 16)
    for row in range(9):
        each = crops.image_views(images[row], one_row(draws, row), 16)
        for view, batch in zip(each, whole, strict=True):
            np.testing.assert_allclose(view, batch[row], atol=1e-5)


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
