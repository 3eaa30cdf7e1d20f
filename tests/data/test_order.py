"""The order of examples: a new one each epoch, every one as likely."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data import order


def stream(count, batch, steps, **options):
    dataset = order.batches_of_numbers(count, batch, **options).take(steps)
    return np.concatenate(list(dataset.as_numpy_iterator()))


@pytest.mark.parametrize("window", [0, 7, 1000])
def test_an_epoch_shows_each_example_once(window):
    numbers = stream(100, 10, 20, seed=5, window=window)
    assert sorted(numbers[:100]) == list(range(100))
    assert sorted(numbers[100:]) == list(range(100))
    assert list(numbers[:100]) != list(numbers[100:])


def test_batches_run_on_over_the_end_of_an_epoch():
    numbers = stream(10, 7, 10, seed=1)
    for epoch in np.split(numbers, 7):
        assert sorted(epoch) == list(range(10))


@pytest.mark.parametrize("start", [1, 3, 10, 25])
@pytest.mark.parametrize("window", [0, 4])
def test_the_stream_goes_on_from_any_step(start, window):
    whole = stream(33, 8, 30, seed=2, window=window)
    rest = stream(33, 8, 30 - start, seed=2, window=window, start_step=start)
    np.testing.assert_array_equal(whole[8 * start :], rest)


def test_every_order_is_as_likely():
    """24 orders of 4 examples: chi-squared below its 99.99th percentile."""
    epochs = 4800
    rows = stream(4, 4, epochs, seed=3)
    known = {p: i for i, p in enumerate(itertools.permutations(range(4)))}
    counts = np.bincount(
        [known[tuple(row)] for row in rows.reshape(-1, 4)], minlength=24
    )
    expected = epochs / 24
    assert ((counts - expected) ** 2 / expected).sum() < 56.5  # 23 degrees


def test_places_of_a_small_set_are_uniform():
    """Share of each example at each place, within five standard errors."""
    count, epochs = 64, 2000
    rows = stream(count, count, epochs, seed=1).reshape(epochs, count)
    table = np.zeros((count, count))
    np.add.at(table, (np.tile(np.arange(count), epochs), rows.ravel()), 1)
    deviation = np.sqrt(epochs / count)
    assert np.abs(table - epochs / count).max() < 5.5 * deviation


def test_windows_stay_together():
    numbers = order.epoch_order(20, tf.constant([1, 2]), window=5).numpy()
    windows = numbers.reshape(4, 5) // 5
    assert (windows == windows[:, :1]).all()
    assert sorted(windows[:, 0]) == [0, 1, 2, 3]
    inside = [list(row) for row in numbers.reshape(4, 5) % 5]
    assert any(row != sorted(row) for row in inside)


def test_orders_too_long_to_be_held(monkeypatch):
    monkeypatch.setattr(order, "IN_MEMORY", 50)
    whole = stream(100, 20, 10, seed=4)
    assert sorted(whole[:100]) == list(range(100))
    rest = stream(100, 20, 3, seed=4, start_step=7)
    np.testing.assert_array_equal(whole[140:], rest)
