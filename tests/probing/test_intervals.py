"""Intervals on the values that their papers print."""

import numpy as np
import pytest

from simclrv2_tf.probing import intervals


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # Newcombe 1998, Statistics in Medicine 17, table II, method 10
        ((56 / 70, 70), (48 / 80, 80), (0.0524, 0.3339)),
        ((9 / 10, 10), (3 / 10, 10), (0.1705, 0.8090)),
        ((10 / 10, 10), (0 / 20, 20), (0.6791, 1.0)),
    ],
)
def test_the_difference_on_known_values(first, second, expected):
    found = intervals.difference(first, second)
    assert found == pytest.approx(expected, abs=1e-4)
    low, high = intervals.difference(second, first)
    assert (-high, -low) == pytest.approx(found)


@pytest.mark.parametrize(
    ("more", "surely"), [(1, False), (2, False), (3, True)]
)
def test_one_example_that_counts_much_is_chance(more, surely):
    """Ten of 200 are of the rare class, and each counts ten times."""
    usual = np.zeros(200)
    other = usual.copy()
    other[:more] = 10.0
    assert intervals.surely_better(other, usual) == surely


def test_more_standard_errors_can_be_asked_for():
    usual = np.repeat([0.0, 1.0], 10)
    other = usual.copy()
    other[:4] = 1.0
    assert intervals.surely_better(other, usual)
    assert not intervals.surely_better(other, usual, 2.0)
