"""Classes that mirror into each other are seen by a few labels of each."""

import numpy as np
import pytest

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.recipes.images import class_mirroring
from simclrv2_tf.recipes.images import mirroring

SIDE = 16


def arrow(rng, right):
    """A bar with a large head at its end, higher or lower."""
    image = rng.normal(0.2, 0.05, (SIDE, SIDE))
    row, column = 8 + rng.integers(-1, 2), 13 + rng.integers(-1, 2)
    image[row, 2:column] = 1.0
    for step in range(6):  # a triangle
        image[row - step : row + step + 1, column - step] = 1.0
    return image if right else image[:, ::-1]


def arrows(labels):
    """To the right in the first class, to the left in the second."""
    rng = np.random.default_rng(0)
    return np.array([arrow(rng, label == 0) for label in labels])


def bars(labels):
    """As high as the class, at a place that says nothing of it."""
    rng = np.random.default_rng(0)
    images = rng.normal(0.2, 0.05, (len(labels), SIDE, SIDE))
    for image, label in zip(images, labels, strict=True):
        left = rng.integers(0, SIDE - 4)
        image[3 : 6 + 4 * label, left : left + 4] = 1.0
    return images


def textures(labels):
    """Noise, which a class makes a little brighter on top."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 0.8, (len(labels), SIDE, SIDE))
    images[:, :8] += 0.05 * np.array(labels)[:, None, None]
    return images


@pytest.mark.parametrize("each", [5, 20])
def test_arrows_to_the_left_are_no_arrows_to_the_right(each):
    labels = np.repeat([0, 1], each)
    images = arrows(labels)
    if each == 20:  # both together are as likely as their mirror images
        assert mirroring.tell(images) < 0.7
    seen = class_mirroring.compare(images, labels)
    assert seen.differ and seen.images == 2 * each
    assert seen.right > 0.7 and seen.mirrored < 0.3


@pytest.mark.parametrize("each", [5, 20, 60])
@pytest.mark.parametrize("made", [bars, textures])
def test_what_a_mirror_leaves_as_it_is_may_be_mirrored(made, each):
    labels = np.repeat([0, 1, 2], each)
    seen = class_mirroring.compare(made(labels), labels)
    assert not seen.differ
    assert seen.right == pytest.approx(seen.mirrored, abs=0.15)


@pytest.mark.parametrize(
    "labels", [[0, 1], [0, 0, 1, 1], [0] + 30 * [1], 30 * [1]]
)
def test_too_few_labels_tell_nothing(labels):
    labels = np.array(labels)
    assert class_mirroring.mirrored_labels(*labelled(labels)) is None


def labelled(labels):
    """A source of arrows, one without a label among them, and the labelled."""
    labels = np.append(labels, -1).astype(np.int32)
    pixels = (255 * np.clip(arrows(labels), 0, 1)).astype(np.uint8)
    pixels = np.repeat(pixels[..., None], 3, axis=-1)
    source = Source("arrows", labels, InMemory(pixels), ("right", "left"))
    return source, np.flatnonzero(labels >= 0)


def test_images_of_one_class_alone_tell_nothing():
    labels = np.zeros(20, int)
    assert class_mirroring.compare(arrows(labels), labels) is None


def test_labelled_images_of_a_source_are_looked_at():
    seen = class_mirroring.mirrored_labels(*labelled(np.repeat([0, 1], 12)))
    assert seen.differ and seen.images == 24


@pytest.mark.parametrize(
    ("sizes", "count", "looked_at"),
    [
        ([2, 2, 2], 400, [2, 2, 2]),
        ([300, 300], 400, [200, 200]),
        ([1, 300, 3], 400, [0, 200, 3]),  # of one nothing is left out
        ([1000, 1], 60, [0, 0]),  # nothing to tell it from
        ([5] * 7, 8, [2, 0, 2, 0, 2, 0, 2]),  # some of many classes
    ],
)
def test_as_many_of_each_class_are_looked_at(sizes, count, looked_at):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    drawn = class_mirroring._drawn(labels, count)
    found = np.bincount(labels[drawn], minlength=len(sizes))
    assert list(found) == looked_at


@pytest.mark.parametrize(
    ("pixels", "images"), [(64, 400), (2_000_000, 200), (50_000_000, 60)]
)
def test_of_large_images_fewer_are_looked_at(monkeypatch, pixels, images):
    sizes = []

    def images_of(some, side):
        sizes.append(some.num_examples)
        numbers = np.arange(some.num_examples)
        return np.zeros((len(numbers), side, side, 3), np.float32), numbers

    monkeypatch.setattr(class_mirroring.baselines, "images_of", images_of)
    monkeypatch.setattr(class_mirroring, "compare", lambda *_: None)
    source, numbers = labelled(np.repeat([0, 1], 300))
    class_mirroring.mirrored_labels(source, numbers, pixels)
    assert sizes == [images]
