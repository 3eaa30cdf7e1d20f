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
