"""How long images take to decode, where they are not kept in memory."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes.budget import decoding_time

SIDE = 200
BYTES = SIDE * SIDE * 3  # of the pixels of an image


@pytest.fixture(scope="module")
def source():
    """Forty photographs in name, one of which cannot be read."""
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    jpeg = tf.io.encode_jpeg(noise).numpy()
    files = np.array([jpeg] * 39 + [b"no image"], object)
    return Source("noise", np.full(40, -1, np.int32), Encoded(files))


def test_an_image_has_its_time_and_its_bytes(source):
    found = decoding_time.measure(source)
    assert 0 < found.image < 1
    assert found.nbytes == BYTES


def test_stages_that_keep_their_images_decode_none():
    found = decoding_time.DecodingTime(0.5, BYTES, ("pretrain", "scratch"))
    seconds = [found.of(s) for s in ("pretrain", "distill", "scratch")]
    assert seconds == [0.0, 0.5, 0.0]


def test_pixels_take_no_time():
    labels = np.full(4, -1, np.int32)
    pixels = InMemory(np.zeros((4, 8, 8, 3), np.uint8))
    found = decoding_time.measure(Source("grey", labels, pixels))
    assert found == decoding_time.DecodingTime(0.0, 8 * 8 * 3)


def test_it_ends_in_time(monkeypatch, source):
    monkeypatch.setattr(decoding_time, "SECONDS", 0.0)
    looked_at = []
    decoded = decoding_time._decoded

    def counted(source):
        for image in decoded(source):
            looked_at.append(1)
            yield image

    monkeypatch.setattr(decoding_time, "_decoded", counted)
    assert decoding_time.measure(source).image > 0
    assert len(looked_at) == 2
