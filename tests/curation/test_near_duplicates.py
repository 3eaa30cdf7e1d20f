"""Near-duplicates: alignment, the threshold, groups."""

import numpy as np
import pytest
from scipy import ndimage
from scipy import stats

from simclrv2_tf.curation import alignment
from simclrv2_tf.curation import near_duplicates
from simclrv2_tf.curation.similarity_threshold import LEAST
from simclrv2_tf.curation.similarity_threshold import MOST
from simclrv2_tf.curation.similarity_threshold import find_threshold

RNG = np.random.default_rng(2)


def pictures(count, side=128):
    """Smooth random pictures, float (count, side, side, 3) in [0, 1]."""
    noise = RNG.normal(size=(count, side, side, 3))
    smooth = ndimage.gaussian_filter(noise, (0, 6, 6, 0))
    smooth /= np.abs(smooth).max(axis=(1, 2, 3), keepdims=True)
    return (0.5 + 0.5 * smooth).astype(np.float32)


def cropped(image, share, top, left):
    side = round(len(image) * (1 - share))
    part = image[top : top + side, left : left + side]
    return ndimage.zoom(part, (128 / side, 128 / side, 1), order=1)


def likeness(first, second):
    thumbnails = alignment.thumbnail(np.stack([first, second])).numpy()
    return alignment.aligned(thumbnails, np.array([[0, 1]]))[0]


def test_changes_that_keep_the_picture_leave_it_alike():
    (image,) = pictures(1)
    assert likeness(image, image) == pytest.approx(1, abs=1e-5)
    assert likeness(image, np.clip(1.2 * image, 0, 1)) > 0.97
    assert likeness(image, 0.5 * image) == pytest.approx(1, abs=1e-5)
    noise = RNG.normal(size=image.shape).astype(np.float32)
    assert likeness(image, np.clip(image + 0.01 * noise, 0, 1)) > 0.97
    for share, top, left in ((0.05, 0, 0), (0.05, 6, 3), (0.1, 12, 0)):
        crop = cropped(image, share, top, left)
        assert likeness(image, crop) > 0.9, (share, top, left)
        assert likeness(crop, image) == pytest.approx(likeness(image, crop))


def test_other_pictures_are_not_alike():
    images = pictures(6)
    assert max(likeness(images[0], other) for other in images[1:]) < 0.6


def test_two_empty_pictures_are_alike_and_no_other():
    (image,) = pictures(1)
    grey, black = np.full_like(image, 0.5), np.zeros_like(image)
    assert likeness(grey, black) == 1
    assert likeness(grey, image) == pytest.approx(0, abs=1e-6)


def test_details_leave_out_what_is_coarse():
    place = np.linspace(0, 1, alignment.SIDE)
    slope = np.tile(place, (1, alignment.SIDE, 1)).astype(np.float32)
    dots = RNG.normal(size=slope.shape).astype(np.float32)
    both = alignment.details(dots + slope)[0] @ alignment.details(dots)[0]
    assert both > 0.98
    blur = alignment.blurring()
    np.testing.assert_allclose(blur.sum(axis=1), 1, rtol=1e-6)


def test_the_threshold_is_the_end_of_those_that_are_no_copies():
    count = 4000
    natural = RNG.normal(0.6, 0.15, count)
    found = find_threshold(np.tanh(natural))
    expected = np.tanh(0.6 + 0.15 * stats.norm.isf(0.5 / count))
    assert found.threshold == pytest.approx(expected, abs=0.03)
    assert found.cut is False
    # A third of copies more changes little.
    copies = RNG.normal(2.5, 0.3, count // 2)
    mixed = find_threshold(np.tanh(np.concatenate([natural, copies])))
    assert mixed.threshold == pytest.approx(expected, abs=0.05)
    assert mixed.centre == pytest.approx(0.6, abs=0.03)
    assert mixed.width == pytest.approx(0.15, abs=0.03)


def test_the_threshold_keeps_within_bounds():
    for similarity, bound in ((1.0, MOST), (0.0, LEAST)):
        found = find_threshold(np.full(50, similarity))
        assert found.threshold == bound and found.cut is True
    assert find_threshold(np.full(1, 0.2)).threshold == LEAST


def test_groups_are_connected_and_numbered_in_order():
    group = near_duplicates._groups(8, np.array([7, 5, 1]), np.array([5, 3, 2]))
    assert group.tolist() == [-1, 0, 0, 1, -1, 1, -1, 1]
    nothing = np.zeros(0, int)
    assert near_duplicates._groups(2, nothing, nothing).tolist() == [-1, -1]


def test_all_but_the_worthiest_are_left_out():
    group = np.array([0, 0, -1, 1, 1, 1])
    worth = np.array([0, 2, 9, 1, 1, 0])
    assert near_duplicates.to_leave_out(group, worth).tolist() == [0, 4, 5]
    nobody = np.full(3, -1)
    assert not len(near_duplicates.to_leave_out(nobody, worth[:3]))


def test_copies_are_found_among_neighbours():
    images = pictures(40)
    images[7] = np.clip(images[3] * 1.15, 0, 1)
    images[9] = cropped(images[4], 0.05, 3, 3)
    thumbnails = alignment.thumbnail(images).numpy()
    numbers = np.array([[o for o in range(40) if o != n] for n in range(40)])
    near = np.array(
        [sorted(row, key=lambda o: o not in (3, 4, 7, 9)) for row in numbers]
    )[:, :10]
    cosines = np.linspace(0.9, 0.1, 10) * np.ones((40, 1))
    found = near_duplicates.find_copies(cosines, near, thumbnails)
    assert np.flatnonzero(found.group == 0).tolist() == [3, 7]
    assert np.flatnonzero(found.group == 1).tolist() == [4, 9]
    assert (found.group >= 0).sum() == 4
    assert found.nearest[3] == 7 and found.nearest[9] == 4
    place = near[3].tolist().index(7)
    assert found.cosine[3] == cosines[0, place]
    given = near_duplicates.find_copies(cosines, near, thumbnails, 1.0)
    assert given.threshold == 1.0 and given.null is None
