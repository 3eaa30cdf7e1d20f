"""Views of a `tf.data.Dataset`: what comes out, its randomness, messages."""

import numpy as np
import pytest
import tensorflow as tf

import simclrv2_tf

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 20, 24, 3), np.uint8)
LABELS = np.arange(6) % 3
# Nothing but crops: colours and blur take seconds to compile.
PLAIN = {"color_jitter_strength": 0.0, "use_blur": False}


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if parts[1:] else parts[0])


def all_of(pairs):
    """Both views of every image, and the labels."""
    batches = list(pairs.as_numpy_iterator())
    first, second = (
        np.concatenate([views[i] for views, _ in batches]) for i in range(2)
    )
    return first, second, np.concatenate([labels for _, labels in batches])


@pytest.mark.parametrize(
    "batched", [pytest.param(False, marks=pytest.mark.slow), True]
)
def test_pairs_of_views_with_their_labels(batched):
    source = dataset(IMAGES, LABELS)
    source = source.batch(3, drop_remainder=True) if batched else source
    pairs = simclrv2_tf.views(source, 16, None if batched else 3)
    (first, second), labels = next(iter(pairs))
    assert first.shape == second.shape == (3, 16, 16, 3)
    assert (first.dtype, labels.dtype) == (tf.float32, tf.int32)
    assert not np.allclose(first, second)
    for view in (first, second):
        assert 0 <= view.numpy().min() < view.numpy().max() <= 1
    np.testing.assert_array_equal(labels, LABELS[:3])


def test_images_without_labels_and_of_many_sizes():
    def sizes():
        for image, side in zip(IMAGES, range(10, 16), strict=True):
            yield image[:side]

    spec = tf.TensorSpec((None, 24, 3), tf.uint8)
    source = tf.data.Dataset.from_generator(sizes, output_signature=spec)
    first, _, labels = all_of(simclrv2_tf.views(source, 8, 2, **PLAIN))
    assert first.shape == (6, 8, 8, 3)
    np.testing.assert_array_equal(labels, [-1] * 6)


def test_what_is_left_over_is_dropped():
    pairs = simclrv2_tf.views(dataset(IMAGES), 8, 4, **PLAIN)
    assert len(all_of(pairs)[2]) == 4


@pytest.mark.slow
def test_each_pass_draws_anew_and_each_program_the_same():
    def passes(seed, count=2):
        pairs = simclrv2_tf.views(dataset(IMAGES), 8, 3, seed=seed)
        return [all_of(pairs)[0] for _ in range(count)]

    one, other, again = passes(1), passes(2, 1), passes(1)
    assert not np.allclose(one[0], one[1])
    assert not np.allclose(one[0], other[0])
    np.testing.assert_array_equal(one, again)


@pytest.mark.slow
def test_images_of_a_batch_are_drawn_apart():
    same = np.repeat(IMAGES[:1], 6, axis=0)
    first, second, _ = all_of(simclrv2_tf.views(dataset(same), 8, 6))
    drawn = {view.tobytes() for view in (*first, *second)}
    assert len(drawn) == 12


@pytest.mark.slow
def test_colours_and_blur_can_be_left_out():
    grey = np.full((32, 12, 12, 3), 51, np.uint8)
    first, _, _ = all_of(simclrv2_tf.views(dataset(grey), 8, 32, **PLAIN))
    np.testing.assert_allclose(first, 0.2, atol=1e-6)
    jittered, _, _ = all_of(simclrv2_tf.views(dataset(grey), 8, 32))
    assert not np.allclose(jittered, 0.2, atol=0.05)


def test_flips_can_be_left_out():
    image = np.tile(np.arange(16, dtype=np.uint8) * 16, (12, 1))
    images = dataset(np.tile(image[:, :, None], (32, 1, 1, 3)))
    for flip in (True, False):
        options = {**PLAIN, "random_flip": flip}
        first, second, _ = all_of(simclrv2_tf.views(images, 8, 32, **options))
        rising = np.concatenate([first, second])[:, 4, :, 0]
        share = (rising[:, -1] > rising[:, 0]).mean()
        assert share == 1 if not flip else 0.2 < share < 0.8


@pytest.mark.slow
def test_floats_are_taken_in_their_range_alone():
    floats = IMAGES / 255.0
    first, _, _ = all_of(simclrv2_tf.views(dataset(floats), 8, 2, **PLAIN))
    assert first.dtype == np.float32
    message = "Float images must lie in .0, 1.: divide"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        all_of(simclrv2_tf.views(dataset(floats * 255.0), 8, 2, **PLAIN))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (dataset(IMAGES), "give `batch_size`"),
        (dataset(IMAGES).batch(2), "give `batch_size`"),
        (dataset(np.array([b"JPEG"])), "made of decoded images"),
        (dataset(IMAGES.astype(np.int32)), "Received: int32"),
        (dataset(IMAGES, LABELS, LABELS), r"images, or of \(image, label\)"),
        (dataset({"image": IMAGES}), r"images, or of \(image, label\)"),
    ],
)
def test_messages(source, message):
    with pytest.raises(ValueError, match=message):
        simclrv2_tf.views(source, 8)
