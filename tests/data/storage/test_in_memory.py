"""Arrays as they are used: white is 255, or 1 of floats."""

import pickle

import numpy as np
import pytest

from simclrv2_tf.data.storage import InMemory

BRIGHT = np.full((4, 5, 6, 3), 200, np.uint8)
MASK = np.eye(4, 5, dtype=np.uint8)[None, ..., None]


def test_a_mask_is_refused_and_told_how_to_be_dark():
    with pytest.raises(ValueError, match="255 for white.*this / 255"):
        InMemory(MASK).fetch()
    InMemory(MASK / np.float32(255)).fetch()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_black_is_black(dtype):
    image = InMemory(np.zeros((2, 4, 4, 3), dtype)).fetch()(1)
    assert not image.numpy().any()


@pytest.mark.parametrize("copied", [lambda s: s, pickle.loads])
def test_dark_images_of_a_bright_set_are_as_they_are(copied):
    images = BRIGHT.copy()
    images[1:3] = 1
    dark = InMemory(images).subset(np.array([1, 2])).subset(np.array([0]))
    if copied is pickle.loads:
        dark = copied(pickle.dumps(dark))
    assert (dark.fetch()(0).numpy() == 1).all()


def test_a_part_of_masks_is_still_masks():
    masks = InMemory(np.concatenate([MASK] * 3))
    with pytest.raises(ValueError, match="255 for white"):
        masks.subset(np.array([0, 2])).fetch()


def test_a_part_of_floats_is_looked_at():
    floats = InMemory(BRIGHT.astype(np.float32)).subset(np.array([0]))
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        floats.fetch()
