"""Seconds, bytes and shares as people read them."""

import pytest

from simclrv2_tf.console.units import clock
from simclrv2_tf.console.units import duration
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.console.units import percent


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (7.4, "7 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.5, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.9, "0:00:00"), (61, "0:01:01"), (3661.9, "1:01:01"), (9e4, "25:00:00")],
)
def test_clock(seconds, words):
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(1.54e9, "1.5 GB"), (2**30, "1.1 GB"), (1.2e6, "0.0012 GB"), (0, "0 GB")],
)
def test_gigabytes(size, words):
    assert gigabytes(size) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0.0%"),
        (0.8125, "81.2%"),
        (0.9994, "99.9%"),
        (2499 / 2500, "99.9%"),
        (1.0, "100.0%"),
    ],
)
def test_a_hundred_percent_is_all(share, words):
    assert percent(share) == words
