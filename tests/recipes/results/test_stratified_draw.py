"""A stratified draw: shares, the least of a class, always the same."""

import numpy as np
import pytest

from simclrv2_tf.recipes.results.stratified_draw import draw

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
