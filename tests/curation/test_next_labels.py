"""What to label next: the rule that mixes, and what is never chosen."""

import numpy as np
import pytest
from scipy import special

from simclrv2_tf.curation import uncertainty_coreset
from simclrv2_tf.curation.next_labels import FAR
from simclrv2_tf.curation.next_labels import TYPICAL
from simclrv2_tf.curation.next_labels import next_labels
from simclrv2_tf.curation.next_labels import share_far
from simclrv2_tf.probing import linear_probe

RNG = np.random.default_rng(1)
ROWS = RNG.normal(size=(60, 6)).astype(np.float32)
UNIT = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)
ALONE = np.full(60, -1)


def labels_of(*numbers):
    labels = np.full(60, -1)
    labels[list(numbers)] = np.arange(len(numbers)) % 2
    return labels


def test_the_share_grows_with_the_labels():
    assert share_far(0, 0) == 0
    assert share_far(10, 10) == pytest.approx(1 / 21)
    assert share_far(200, 10) == 0.5
    assert 0.9 < share_far(10_000, 10) < 1


def test_without_labels_all_are_typical():
    chosen = next_labels(ROWS, labels_of(), 8, ALONE)
    assert [one.by for one in chosen] == [TYPICAL] * 8
    assert len({one.number for one in chosen}) == 8


def test_a_share_of_the_choice_is_far_and_unsure():
    labels = labels_of(*range(40))  # of two classes: a half
    chosen = next_labels(ROWS, labels, 6, ALONE)
    assert [one.by for one in chosen] == 3 * [TYPICAL, FAR]
    assert all(labels[one.number] < 0 for one in chosen)


def test_far_and_unsure_is_distance_times_lack_of_margin():
    labels = labels_of(3, 4, 5)
    known = np.array([3, 4, 5])
    probe = linear_probe.fit(ROWS[known], labels[known], 2)
    shares = special.softmax(probe.logits(ROWS), axis=1)
    unsure = 1 - np.abs(shares[:, 0] - shares[:, 1])
    apart = np.linalg.norm(UNIT[:, None] - UNIT[known], axis=2).min(axis=1)
    judge = uncertainty_coreset.FarAndUnsure(ROWS, labels)
    allowed = labels < 0
    number, score = judge.best(allowed)
    expected = np.where(allowed, apart * unsure, -1)
    assert number == expected.argmax()
    assert score == pytest.approx(expected.max(), rel=1e-3)
    judge.add(number)
    apart = np.minimum(apart, np.linalg.norm(UNIT - UNIT[number], axis=1))
    allowed[number] = False
    second, _ = judge.best(allowed)
    assert second == np.where(allowed, apart * unsure, -1).argmax()


def test_labels_of_one_class_tell_no_margin():
    labels = np.where(np.arange(60) < 5, 0, -1)
    assert not uncertainty_coreset.margins(ROWS, labels).any()
    assert len(next_labels(ROWS, labels, 30, ALONE)) == 30


def test_near_duplicates_are_never_both_chosen():
    group = ALONE.copy()
    group[:20], group[20:22] = 0, 1
    labels = labels_of()
    chosen = {one.number for one in next_labels(ROWS, labels, 60, group)}
    assert len(chosen) == 60 - 19 - 1
    labels[0] = 0  # its copies need no label
    chosen = {one.number for one in next_labels(ROWS, labels, 60, group)}
    assert not chosen & set(range(20)) and len(chosen) == 60 - 20 - 1


def test_the_choice_is_the_same_each_time():
    labels = labels_of(1, 2, 3)
    first = next_labels(ROWS, labels, 10, ALONE, seed=3)
    assert first == next_labels(ROWS, labels, 10, ALONE, seed=3)
