"""Figures of a classifier against scikit-learn's and the definitions."""

import json

import numpy as np
import pytest
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from simclrv2_tf.inference.evaluation import class_metrics
from simclrv2_tf.inference.evaluation import reliability
from simclrv2_tf.inference.evaluation.evaluation_report import evaluation_report
from simclrv2_tf.inference.evaluation.metrics import Answers

RNG = np.random.default_rng(0)
NAMES = tuple("abcde")


def answers(count=500, classes=4):
    """Answers of which some are right; confidences on bounds of bins too."""
    labels = RNG.integers(0, classes, count)
    predicted = np.where(
        RNG.random(count) < 0.6, labels, RNG.integers(0, classes, count)
    )
    confidence = RNG.random(count).astype(np.float32)
    confidence[:45] = np.repeat(np.arange(1, 16) / 15, 3)
    return Answers(
        np.arange(count),
        labels,
        predicted,
        predicted == labels,
        confidence,
        confidence,
    )


def test_classes_are_evaluated_as_scikit_learn_does():
    given = answers()
    counts = class_metrics.class_counts(given, len(NAMES))
    recall = sklearn.recall_score(given.labels, given.predicted, average=None)
    np.testing.assert_allclose(
        class_metrics.class_accuracy(counts), [*recall, np.nan]
    )
    assert class_metrics.balanced_accuracy(counts) == pytest.approx(
        sklearn.balanced_accuracy_score(given.labels, given.predicted)
    )
    np.testing.assert_array_equal(
        class_metrics.confusion(given.labels, given.predicted, len(NAMES)),
        sklearn.confusion_matrix(
            given.labels, given.predicted, labels=range(len(NAMES))
        ),
    )


def naive_error(confidence, right, bins):
    """Guo et al. 2017, equations 2 and 3, as they are written."""
    error = 0.0
    for m in range(1, bins + 1):
        inside = [
            (c, r)
            for c, r in zip(confidence.tolist(), right, strict=True)
            if (m - 1) / bins < c <= m / bins
        ]
        if inside:
            certain, correct = np.mean(inside, axis=0)
            error += len(inside) / len(right) * abs(correct - certain)
    return error


def test_calibration_is_the_papers():
    given = answers()
    curve = reliability.curve(given.confidence, given.right)
    assert reliability.expected_calibration_error(curve) == pytest.approx(
        naive_error(given.confidence, given.right, 15)
    )
    accuracy, confidence = calibration_curve(
        given.right, given.confidence, n_bins=15
    )
    held = curve["examples"] > 0
    np.testing.assert_allclose(curve["accuracy"][held], accuracy)
    np.testing.assert_allclose(curve["confidence"][held], confidence)


def test_what_is_sure_and_right_is_calibrated():
    sure = reliability.curve(np.ones(5), np.ones(5, bool))
    assert reliability.expected_calibration_error(sure) == 0
    wrong = reliability.curve(np.ones(5), np.zeros(5, bool))
    assert reliability.expected_calibration_error(wrong) == 1


def test_a_class_without_examples_is_told_by_nothing():
    result, tables = evaluation_report(answers(), NAMES)
    assert result["classes"]["accuracy"][-1] is None
    assert result["classes"]["names"] == list(NAMES)
    *_, last = tables["per_class"]
    assert list(last) == ["e", 0, 0, 0, None]
    json.dumps(result["classes"], allow_nan=False)
    json.dumps(result["calibration"], allow_nan=False)


def test_the_matrix_of_many_classes_is_in_the_table_alone():
    names = [str(number) for number in range(101)]
    result, tables = evaluation_report(answers(), names)
    assert "confusion" not in result["classes"]
    assert len(list(tables["confusion"])) == 102
    _, tables = evaluation_report(
        answers(), [str(number) for number in range(2001)]
    )
    assert "confusion" not in tables


def test_certainty_falls_in_the_last_bin():
    bins = reliability.curve(np.array([1.0, 0.95]), np.array([True, False]))
    held = bins["examples"] > 0
    found = [bins[n][held].tolist() for n in ("confidence", "accuracy")]
    assert found == [[0.975], [0.5]]
    assert bins["examples"][held].tolist() == [2]
