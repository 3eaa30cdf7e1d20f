"""Shares of the input without a strategy; `test_exactness` has several."""

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution


def test_one_replica_takes_the_data_set_as_it_is():
    dataset = tf.data.Dataset.range(8).batch(4)
    shares = []

    def make(*share):
        shares.append(share)
        return dataset

    assert distribution.share_input(make, 4) is dataset
    assert shares == [(1, 0)]


def test_batches_are_filled_and_cut_again():
    rows = np.arange(15, dtype=np.float32).reshape(5, 3)
    dataset = tf.data.Dataset.from_tensor_slices((rows, np.arange(5))).batch(2)
    traces = []

    def double(x, number):
        traces.append(x.shape)
        return 2 * x, number

    answers = list(distribution.map_rows(double, dataset))
    assert [len(x) for x, _ in answers] == [2, 2, 1]
    np.testing.assert_array_equal(
        np.concatenate([x for x, _ in answers]), 2 * rows
    )
    np.testing.assert_array_equal(
        np.concatenate([number for _, number in answers]), np.arange(5)
    )
    assert traces == [(2, 3)]  # compiled once


def test_a_first_batch_with_images_missing():
    """As where an image cannot be read: later batches are larger."""
    rows = np.arange(6)
    starts, ends = tf.constant([0, 1, 4]), tf.constant([1, 4, 6])
    spans = tf.data.Dataset.from_tensor_slices((starts, ends))
    dataset = spans.map(lambda start, end: (tf.constant(rows)[start:end],))
    answers = list(distribution.map_rows(lambda x: 2 * x, dataset))
    assert [x.tolist() for x in answers] == [[0], [2, 4, 6], [8, 10]]


def test_one_worker_is_the_chief_and_waits_for_nobody():
    rows = np.arange(3)
    assert distribution.join_workers(rows) is rows
    assert distribution.worker_share() == (1, 0)
    assert distribution.is_chief()
    assert distribution.any_worker(True) is True
    assert distribution.any_worker(False) is False
    assert distribution.from_chief(True) is True
    assert distribution.from_chief(False) is False
    distribution.wait_for_workers()


def test_many_data_sets_raise_no_alarm_about_tracing(caplog):
    dataset = tf.data.Dataset.from_tensor_slices(tf.range(4)).batch(2)
    for _ in range(8):
        rows = distribution.map_rows(
            lambda x: 2 * x, dataset.map(lambda x: (x,))
        )
        assert np.concatenate(list(rows)).tolist() == [0, 2, 4, 6]
    assert "retracing" not in caplog.text
