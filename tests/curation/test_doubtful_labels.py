"""Confident learning against loops, and wrong labels that are planted."""

import tracemalloc

import numpy as np
import probe_strengths
import pytest

from simclrv2_tf.curation import confident_learning
from simclrv2_tf.curation import doubtful_labels
from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing.linear_probe import LinearProbe
from simclrv2_tf.probing.nearest import nearest_others

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def few_strengths(monkeypatch):
    probe_strengths.use_few(monkeypatch)


def naive_joint(probabilities, labels):
    """Algorithm 1 of the paper, example by example."""
    classes = probabilities.shape[1]
    means = [
        np.mean(probabilities[labels == c, c]) if (labels == c).any() else 9
        for c in range(classes)
    ]
    counted, matrix = [], np.zeros((classes, classes))
    for row, label in zip(probabilities, labels, strict=True):
        confident = [c for c in range(classes) if row[c] >= means[c]]
        best = max(confident, key=lambda c: row[c]) if confident else -1
        counted.append(best)
        if best >= 0:
            matrix[label, best] += 1
    for c in range(classes):
        if not matrix[c].sum():
            matrix[c, c] = 1
        matrix[c] *= np.mean(labels == c) / matrix[c].sum()
    return counted, matrix


def test_the_wrong_share_is_that_of_the_papers_joint():
    labels = RNG.integers(0, 4, 200)
    probabilities = RNG.dirichlet(np.ones(5), 200)  # no label of the last
    probabilities[np.arange(200), labels] += 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    counted, matrix = naive_joint(probabilities, labels)
    own = probabilities[np.arange(200), labels]
    least = confident_learning.thresholds(own, labels, 5)
    classes = confident_learning.confident_classes(probabilities, least)
    assert classes.tolist() == counted
    assert matrix.sum() == pytest.approx(1)
    share = confident_learning.wrong_share(classes, labels, 5)
    assert share == pytest.approx(1 - np.trace(matrix))
    classes[labels == 2] = -1  # none of the class counts for anything
    matrix[2] = [0, 0, np.mean(labels == 2), 0, 0]
    share = confident_learning.wrong_share(classes, labels, 5)
    assert share == pytest.approx(1 - np.trace(matrix))


def test_the_joint_of_many_classes_is_not_held():
    classes = 20_000
    labels = np.arange(classes).repeat(2)
    tracemalloc.start()
    share = confident_learning.wrong_share(labels, labels, classes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert share == pytest.approx(0) and peak < 2**24


def blobs(classes=4, each=50):
    labels = np.repeat(np.arange(classes), each)
    rows = np.eye(classes, 10)[labels] * 3
    rows += 0.5 * RNG.normal(size=rows.shape)
    return rows.astype(np.float32), labels


def test_planted_labels_come_first():
    rows, truth = blobs()
    labels = truth.copy()
    planted = RNG.choice(200, 10, replace=False)
    labels[planted] = (labels[planted] + 1) % 4
    doubts = doubtful_labels.doubts(rows, labels)
    assert set(doubts.numbers[:10]) == set(planted)
    assert (doubts.looks_like[:10] == truth[doubts.numbers[:10]]).all()
    assert (doubts.score[:10] > 0).all() and doubts.score[10] < 0
    assert (np.diff(doubts.score) <= 0).all()
    confident = set(doubts.numbers[doubts.confident])
    assert confident <= set(planted) and len(confident) >= 5
    assert doubts.wrong == pytest.approx(0.05, abs=0.03)


def test_blocks_are_as_all_at_once(monkeypatch):
    """The formulas on whole matrices (examples, classes)."""
    rows, labels = blobs()
    labels[::9] = (labels[::9] + 1) % 4
    monkeypatch.setattr(cross_validation, "_AT_ONCE", 7)
    doubts = doubtful_labels.doubts(rows, labels)
    others = cross_validation.leave_out(rows, labels, 4, doubts.strength)
    probed = np.concatenate([p for _, p in others.probabilities(rows)])
    cosine, index = nearest_others(rows, 10)
    voted = doubtful_labels.neighbours_say(cosine, labels[index], 4)
    score, looks_like = doubtful_labels.lead(np.sqrt(probed * voted), labels)
    counted, matrix = naive_joint(probed, labels)
    order = np.argsort(-score, kind="stable")
    assert doubts.numbers.tolist() == order.tolist()
    np.testing.assert_allclose(doubts.score, score[order])
    assert doubts.looks_like.tolist() == looks_like[order].tolist()
    other = (np.array(counted) >= 0) & (counted != labels)
    assert doubts.confident.tolist() == other[order].tolist()
    assert doubts.wrong == pytest.approx(1 - np.trace(matrix))


def test_no_matrix_of_examples_and_classes_is_held(monkeypatch):
    """It would be 10 GB for ImageNet, and there were several."""
    count, classes = 12_000, 1000
    rows = RNG.normal(size=(count, 4)).astype(np.float32)
    probe = LinearProbe(RNG.normal(size=(4, classes)), np.zeros(classes))
    others = cross_validation.LeftOut(np.arange(count) % 2, [probe, probe])
    monkeypatch.setattr(cross_validation, "leave_out", lambda *_: others)
    monkeypatch.setattr(
        cross_validation, "choose_strength", lambda *_: (1.0, "")
    )
    monkeypatch.setattr(cross_validation, "_AT_ONCE", 100)
    index = np.arange(count)[:, None] + np.arange(10)
    near = np.ones((count, 10)), index % count
    monkeypatch.setattr(doubtful_labels, "nearest_others", lambda *_: near)
    tracemalloc.start()
    doubtful_labels.doubts(rows, np.arange(count) % classes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < count * classes * 8 / 2


def test_only_labels_of_classes_with_two_are_judged():
    rows, labels = blobs()
    labels[:20] = -1
    labels[labels == 3] = -1
    labels[150] = 3  # alone in its class
    doubts = doubtful_labels.doubts(rows, labels)
    assert (
        sorted(doubts.numbers)
        == np.flatnonzero((labels >= 0) & (labels < 3)).tolist()
    )
    alone = np.full(200, -1)
    alone[:2] = alone[2:4] = 0
    alone[4] = 1
    assert doubtful_labels.doubts(rows, alone) is None
    assert doubtful_labels.doubts(rows, np.full(200, -1)) is None


def test_neighbours_vote_by_their_cosine():
    rows, labels = blobs(3, 6)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = np.zeros((18, 3))
    for place in range(18):
        order = np.argsort(-(unit @ unit[place]))
        near = [n for n in order if n != place][:10]
        for other in near:
            weight = np.exp(unit[other] @ unit[place] / 0.1)
            expected[place, labels[other]] += weight
    expected /= expected.sum(axis=1, keepdims=True)
    cosine, index = nearest_others(rows, 10)
    votes = doubtful_labels.neighbours_say(cosine, labels[index], 3)
    np.testing.assert_allclose(votes, expected, atol=1e-4)


def test_the_lead_is_that_of_the_best_other_class():
    shares = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]])
    score, other = doubtful_labels.lead(shares, np.array([2, 0]))
    assert other.tolist() == [1, 2]
    np.testing.assert_allclose(score, [0.3, -0.2])
