"""Baselines go by the images that there are."""

import numpy as np
import pytest
import small_classifier
import tensorflow as tf

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.recipes import baselines


@pytest.fixture
def few():
    """Four images, of which the third cannot be read."""
    rng = np.random.default_rng(0)
    encoded = [
        tf.io.encode_png(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8))
        for _ in range(4)
    ]
    encoded = [image.numpy() for image in encoded]
    encoded[2] = b"<html>404</html>"
    images = Encoded(np.array(encoded, object))
    return Source("few", np.arange(4, dtype=np.int32), images)


def test_unreadable_images_are_rows_of_zeros(few):
    """However many: a job's runs have judged that, over all images."""
    rows = baselines.pixels_of(few, 4)
    np.testing.assert_allclose(
        np.linalg.norm(rows, axis=1), [1, 1, 0, 1], rtol=1e-6
    )


def test_they_are_of_no_class(few):
    told = baselines.classes_of(small_classifier.classifier(), few)
    assert told[2] == -1 and (np.delete(told, 2) >= 0).all()


@pytest.mark.slow
def test_those_that_can_be_read(few, caplog):
    found = baselines.readable(few)
    assert found.labels.tolist() == [0, 1, 3]
    assert "left out, as it cannot be read: example 2 of few" in caplog.text
    assert baselines.readable(found) is found
    none = few.subset(np.array([2]))
    assert baselines.readable(none).num_examples == 0


def test_pixels_are_the_images_of_mean_zero_and_length_one(few):
    rows = baselines.pixels_of(few, 9)
    image = tf.io.decode_png(few.storage.read(3)).numpy() / 255
    flat = image.ravel() - image.mean()
    np.testing.assert_allclose(rows[3], flat / np.linalg.norm(flat), atol=1e-6)


@pytest.mark.slow
def test_pixels_of_many_images_are_held_once(monkeypatch, few):
    """Ten thousand of 32 pixels had taken 0.86 GB for rows of 0.12."""
    held = []
    monkeypatch.setattr(baselines, "BATCH", 1)
    monkeypatch.setattr(
        baselines, "unit", lambda rows: held.append(len(rows)) or rows
    )
    baselines.pixels_of(few, 4)
    assert held == [1, 1, 1]


def test_a_network_answers_as_many_images_at_once_as_it_may(few):
    def sizes():
        batches = baselines._batches(few, 4).as_numpy_iterator()
        return [len(numbers) for _, numbers in batches]

    usual = sizes()
    assert len(usual) == 1
    with baselines.batches_of(2):
        assert max(sizes()) == 2 and sum(sizes()) == sum(usual)
    assert sizes() == usual
