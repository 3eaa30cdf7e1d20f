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


@pytest.mark.parametrize(
    ("images", "cache", "decoded"),
    [
        (41, True, (False, False)),
        (20, True, (True, False)),  # the labelled ones fit
        (5, True, (True, True)),
        (41, False, (True, True)),
    ],
)
def test_what_does_not_fit_is_decoded(
    monkeypatch, source, images, cache, decoded
):
    free = images * BYTES / decoding_time.SHARE
    monkeypatch.setattr(decoding_time, "free_memory", lambda: free)
    found = decoding_time.measure(source, 10, cache)
    assert (found.image > 0, found.labelled > 0) == decoded
    assert found.image < 1


def test_pixels_take_no_time():
    labels = np.full(4, -1, np.int32)
    pixels = InMemory(np.zeros((4, 8, 8, 3), np.uint8))
    found = decoding_time.measure(Source("grey", labels, pixels), 0, False)
    assert found == decoding_time.IN_MEMORY


def test_it_ends_in_time(monkeypatch, source):
    monkeypatch.setattr(decoding_time, "SECONDS", 0.0)
    monkeypatch.setattr(decoding_time, "free_memory", lambda: 0.0)
    looked_at = []
    decoded = decoding_time._decoded

    def counted(source):
        for image in decoded(source):
            looked_at.append(1)
            yield image

    monkeypatch.setattr(decoding_time, "_decoded", counted)
    assert decoding_time.measure(source, 0, True).image > 0
    assert len(looked_at) == 2
