"""Resizing by matrices against `tf.image.resize`."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.augment import resize


@pytest.mark.parametrize("outputs", [5, 32, 47])
@pytest.mark.parametrize("size", [1, 3, 16, 31])
def test_weights_are_those_of_tensorflow(size, outputs):
    """Each pixel alone, resized, gives its column of the matrix."""
    pixels = tf.reshape(tf.eye(size), [size, size, 1])  # along the columns
    theirs = tf.image.resize(pixels, [size, outputs], "bicubic")[..., 0]
    ours = resize.matrices([0], [size], outputs, size)[0]
    np.testing.assert_allclose(ours, tf.transpose(theirs), atol=2e-6)


def test_crops_are_cut_and_resized_and_mirrored():
    rng = np.random.default_rng(0)
    images = rng.random((6, 20, 24, 2), np.float32)
    top, left = rng.integers(0, 8, (2, 6))
    rows, columns = rng.integers(1, 12, (2, 6))
    places = np.stack([top, left, rows, columns], axis=1).astype(np.int32)
    mirrored = np.arange(6) % 2 == 0
    ours = resize.resize_crops(
        tf.constant(images), places, 9, 13, tf.constant(mirrored)
    )
    for row, (y, x, tall, wide) in enumerate(places):
        crop = images[row, y : y + tall, x : x + wide]
        theirs = tf.image.resize(crop, [9, 13], "bicubic").numpy()
        theirs = theirs[:, ::-1] if mirrored[row] else theirs
        np.testing.assert_allclose(ours[row], theirs, atol=2e-6)


def test_weights_add_up_to_one_inside_the_crop():
    matrix = resize.matrices([3, 0], [4, 9], 7, 12).numpy()
    np.testing.assert_allclose(matrix.sum(-1), 1.0, atol=1e-6)
    assert (matrix[0, :, :3] == 0).all() and (matrix[0, :, 7:] == 0).all()


@pytest.mark.parametrize(("size", "wanted"), [(24, 16), (96, 32), (33, 8)])
def test_shrinking_is_tensorflows_antialiased_bicubic(size, wanted):
    images = np.random.default_rng(0).random((2, size, size, 3), np.float32)
    expected = tf.image.resize(
        images, (wanted, wanted), "bicubic", antialias=True
    )
    expected = np.clip(expected, 0, 1)
    np.testing.assert_allclose(
        resize.shrink(images, wanted), expected, atol=2e-5
    )


def test_shrinking_keeps_plain_colours_and_small_images():
    plain = tf.fill((1, 40, 40, 3), 0.3)
    np.testing.assert_allclose(resize.shrink(plain, 16), 0.3, atol=1e-6)
    assert resize.shrink(plain, 64) is plain
