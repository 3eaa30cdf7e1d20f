"""A stratified draw: shares, the least of a class, always the same."""

import numpy as np
import pytest

from simclrv2_tf.probing.cross_validation import _by_share
from simclrv2_tf.probing.stratified_draw import draw
from simclrv2_tf.probing.stratified_draw import ranks_in_class

LABELS = np.repeat([0, 1, 2], [600, 300, 100])


def test_few_examples_are_all_taken():
    np.testing.assert_array_equal(draw(LABELS, 1000), np.arange(1000))


def test_each_class_has_its_share():
    chosen = draw(LABELS, 100)
    assert np.bincount(LABELS[chosen]).tolist() == [60, 30, 10]
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, draw(LABELS, 100))
    assert (chosen != draw(LABELS, 100, seed=1)).any()


def test_of_a_rare_class_so_many_at_least():
    labels = np.concatenate([LABELS, [3, 3], np.full(8, 4)])
    counts = np.bincount(labels[draw(labels, 100, least=5)])
    assert counts[3:].tolist() == [2, 5] and counts.sum() == 100
    assert np.bincount(labels[draw(labels, 100)], minlength=5)[4] == 1


@pytest.mark.parametrize("least", [0, 5])
def test_more_classes_than_examples(least):
    labels = np.repeat(np.arange(1000), 6)
    chosen = labels[draw(labels, 100, least)]
    assert len(np.unique(chosen)) == 100
    assert chosen.max() > 900  # they are not the first ones


def test_ranks_count_those_of_the_class_before():
    ranks, shares = ranks_in_class(np.array([2, 0, 2, 2, 0]))
    np.testing.assert_array_equal(ranks, [0, 0, 1, 2, 1])
    np.testing.assert_allclose(shares, [1 / 6, 0.25, 0.5, 5 / 6, 0.75])


def sorted_by_groups(labels, seed):
    """The order of `_by_share`, from examples that are grouped by class."""
    order = np.random.default_rng(seed).permutation(len(labels))
    _, classes, sizes = np.unique(
        labels[order], return_inverse=True, return_counts=True
    )
    grouped = np.argsort(classes, kind="stable")
    place = np.concatenate([np.arange(size) for size in sizes])
    share = (place + 0.5) / np.repeat(sizes, sizes)
    return order[grouped[np.argsort(share, kind="stable")]]


@pytest.mark.parametrize("seed", range(20))
def test_equal_shares_are_in_the_order_of_their_classes(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, rng.integers(1, 40), rng.integers(1, 400))
    expected = sorted_by_groups(labels, seed)
    np.testing.assert_array_equal(_by_share(labels, seed), expected)
