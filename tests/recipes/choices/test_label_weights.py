"""Where classes are of unequal size a constant answer is not a good one."""

import numpy as np
import pytest

from simclrv2_tf.recipes.choices.label_weights import weighted_accuracy
from simclrv2_tf.recipes.choices.label_weights import weights

UNEQUAL = np.repeat([0, 1], [95, 5])


def test_a_constant_answer_has_no_more_than_chance():
    counted = weights(UNEQUAL, np.array([95, 5]))
    for answer in (0, 1):
        assert ((answer == UNEQUAL) * counted).mean() == pytest.approx(0.5)
    assert counted.mean() == pytest.approx(1.0)


def test_labels_of_like_classes_count_alike():
    labels = np.repeat([0, 1], [11, 9])
    np.testing.assert_array_equal(weights(labels, np.array([11, 9])), 1.0)
    asked_for = weights(labels, np.array([11, 9]), balanced=True)
    assert asked_for[labels == 0].sum() == pytest.approx(10)


def test_classes_that_none_is_asked_of_count_nothing():
    counted = weights(np.array([0, 0, 2]), np.array([40, 2, 4]))
    np.testing.assert_allclose(counted, [0.75, 0.75, 1.5])


def test_all_that_is_right_is_all():
    """Whatever the sizes of the classes, whose weights are rounded."""
    draws = np.random.default_rng(0).integers(1, 60, (200, 6))
    for counts in draws:
        labels = np.repeat(np.arange(6), counts)
        counted = weights(labels, counts, balanced=True)
        assert weighted_accuracy(counted) == 1.0
