"""What a mirror changes is seen without a label."""

import numpy as np
import pytest

from simclrv2_tf.data import sources
from simclrv2_tf.recipes.images import mirroring

RNG = np.random.default_rng(0)
BLOBS = RNG.uniform(size=(300, 16, 16)).astype(np.float32)


def test_digits_are_told_from_their_mirror_images():
    source = sources.open_source("digits", "train")
    assert mirroring.told_from_mirror(source) > 0.75


def test_images_as_likely_as_their_mirror_images_are_not():
    assert mirroring.tell(BLOBS) == pytest.approx(0.5, abs=0.1)
    bright = BLOBS.copy()  # something to see, on either side as often
    bright[:150, :, :4] += 1.0
    bright[150:, :, 12:] += 1.0
    assert mirroring.tell(bright) == pytest.approx(0.5, abs=0.1)


def test_something_on_one_side_alone_is_told():
    left = BLOBS.copy()
    left[:, :, :4] += 1.0
    assert mirroring.tell(left) > 0.95


def test_few_images_tell_nothing():
    left = BLOBS[: mirroring.LEAST - 1].copy()
    left[:, :, :4] += 1.0
    assert mirroring.tell(left) == mirroring.CHANCE


@pytest.mark.parametrize(
    ("pixels", "images"),
    [(64, 400), (2_500_000, 400), (4_000_000, 250), (50_000_000, 120)],
)
def test_of_large_images_fewer_are_looked_at(monkeypatch, pixels, images):
    sizes = []

    def images_of(some, side):
        sizes.append(some.num_examples)
        return np.zeros((1, side, side, 3), np.float32), np.zeros(1, np.int64)

    monkeypatch.setattr(mirroring.baselines, "images_of", images_of)
    source = sources.open_source("digits", "train")
    mirroring.told_from_mirror(source, pixels)
    assert sizes == [images]
