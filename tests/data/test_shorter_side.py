"""Larger images are reduced as they are decoded, and seen whole in a view."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclrv2_tf.data import pipeline
from simclrv2_tf.data.cache import cached
from simclrv2_tf.data.shorter_side import reduce_image
from simclrv2_tf.data.shorter_side import reduced_shape
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "side", "smaller"),
    [
        ((100, 200), 50, (50, 100)),
        ((200, 100), 50, (100, 50)),
        ((99, 101), 50, (50, 51)),
        ((4000, 3000), 96, (128, 96)),
        ((3, 2), 1, (2, 1)),  # 1.5 is rounded up
    ],
)
def test_the_shape_stays(shape, side, smaller):
    assert reduced_shape(shape, side) == smaller
    tensors = reduced_shape(tf.unstack(tf.constant(shape)), side)
    assert tuple(map(int, tensors)) == smaller


@pytest.mark.parametrize(
    ("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1)]
)
def test_it_is_pillows_bicubic(dtype, white):
    pixels = RNG.random((60, 90))
    image = (white * pixels[..., None]).astype(dtype)
    smaller = reduce_image(tf.constant(image), 20)
    assert smaller.dtype == dtype and smaller.shape == (20, 30, 1)
    pillow = Image.fromarray(pixels.astype(np.float32)).resize(
        (30, 20), Image.Resampling.BICUBIC
    )
    np.testing.assert_allclose(
        smaller[..., 0] / white, np.clip(pillow, 0, 1), atol=0.005
    )


def test_a_line_between_pixels_is_not_lost():
    """A line of one pixel in ten, of which sampling sees none."""
    image = np.zeros((80, 80, 3), np.uint8)
    image[:, 8::20] = 255
    sampled = tf.image.resize(image, [8, 8], "bicubic").numpy()
    assert np.abs(sampled).max() == 0
    smaller = reduce_image(tf.constant(image), 8).numpy()
    assert smaller.max() > 15


def test_what_is_no_larger_stays_as_it_is():
    image = tf.constant(RNG.integers(0, 256, (20, 30, 3), np.uint8))
    for side in (20, 21):
        assert reduce_image(image, side) is image
        unknown = tf.function(
            lambda i, side=side: reduce_image(i, side),
            input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)],
        )
        np.testing.assert_array_equal(unknown(image), image)


def test_graphs_that_know_no_shape_agree():
    image = tf.constant(RNG.integers(0, 256, (50, 31, 3), np.uint8))
    unknown = tf.function(
        lambda i: reduce_image(i, 7),
        input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)],
    )
    np.testing.assert_array_equal(unknown(image), reduce_image(image, 7))


def encoded(*shapes):
    """A source of PNG files of these sizes."""
    images = [RNG.integers(0, 256, (*s, 3), np.uint8) for s in shapes]
    files = np.array([tf.io.encode_png(i).numpy() for i in images], object)
    labels = np.zeros(len(files), np.int32)
    return Source("files", labels, Encoded(files), ("a",)), images


def views(source):
    (batch,) = pipeline.train_dataset(source, 4, 8, seed=0).take(1)
    return [view.numpy() for view in batch[0]]


def reduced_before(source, images):
    """The source of files whose images were reduced."""
    smaller = [reduce_image(tf.constant(image), 12) for image in images]
    files = np.array([tf.io.encode_png(i).numpy() for i in smaller], object)
    return Source("files", source.labels, Encoded(files), ("a",))


def test_views_are_those_of_images_that_were_reduced_before():
    """Also where all files have one shape, and may be decoded as a batch."""
    source, images = encoded(*4 * [(48, 60)])
    reduced = dataclasses.replace(
        source, shape=(48, 60, 3), resize_shorter_side=12
    )
    before = views(reduced_before(source, images))
    for ours, theirs in zip(views(reduced), before, strict=True):
        # A batch is resized by products, which round in another order.
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_evaluation_sees_images_that_were_reduced_before():
    source, images = encoded((48, 60), (9, 9), (70, 12), (30, 30))
    reduced = dataclasses.replace(source, resize_shorter_side=12)
    (ours,), (theirs,) = (
        pipeline.eval_dataset(each, 4, 8)
        for each in (reduced, reduced_before(source, images))
    )
    np.testing.assert_array_equal(ours[0], theirs[0])


def test_arrays_are_reduced_too():
    pixels = RNG.integers(0, 256, (4, 48, 60, 3), np.uint8)
    source = Source("pixels", np.zeros(4, np.int32), InMemory(pixels), ("a",))
    reduced = dataclasses.replace(source, resize_shorter_side=12)
    assert reduced.image_shape == (12, 15, 3)
    smaller = reduce_image(tf.constant(pixels), 12).numpy()
    before = dataclasses.replace(source, storage=InMemory(smaller))
    (ours,), (theirs,) = (
        pipeline.eval_dataset(each, 4, 8) for each in (reduced, before)
    )
    np.testing.assert_array_equal(ours[0], theirs[0])


def test_images_in_memory_are_kept_reduced():
    source, _ = encoded((48, 60), (48, 60))
    reduced = dataclasses.replace(source, resize_shorter_side=12)
    storage = cached(reduced, limit=2 * 12 * 15 * 3).storage
    assert storage.image_shape == (12, 15, 3)


def test_other_sides_are_other_data():
    source, _ = encoded((48, 60))
    prints = {
        dataclasses.replace(source, resize_shorter_side=side).fingerprint()
        for side in (None, 12, 13)
    }
    assert len(prints) == 3
    assert source.fingerprint() in prints
