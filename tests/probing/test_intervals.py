"""Intervals on the values that their papers print."""

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
