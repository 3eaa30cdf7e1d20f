"""How a classifier does on each class, and what it takes them for."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf.inference.evaluation.metrics import Answers

MOST_IN_JSON = 100  # classes; more make a matrix that no one reads in text
MOST_IN_TABLE = 2000  # a table of four million cells


def class_counts(answers: Answers, num_classes: int) -> dict[str, np.ndarray]:
    """Counts by class.

    Returns:
      Dictionary of int64 (classes,): `examples` of the class, how many of
      them are `right`, and how many examples are `predicted` to be of it.
    """
    chosen = {
        "examples": answers.labels,
        "right": answers.labels[answers.right],
        "predicted": answers.predicted,
    }
    return {
        name: np.bincount(classes, minlength=num_classes)
        for name, classes in chosen.items()
    }


def class_accuracy(counts: dict[str, np.ndarray]) -> np.ndarray:
    """Share of each class that is right (its recall), NaN without examples."""
    examples = counts["examples"]
    return np.where(
        examples > 0, counts["right"] / np.maximum(examples, 1), np.nan
    )


def balanced_accuracy(counts: dict[str, np.ndarray]) -> float:
    """The mean of the classes' accuracies, those that have examples.

    Brodersen et al. 2010, "The balanced accuracy and its posterior
    distribution"; scikit-learn's `balanced_accuracy_score`.
    """
    return float(np.nanmean(class_accuracy(counts)))


def confusion(
    labels: np.ndarray, predicted: np.ndarray, num_classes: int
) -> np.ndarray:
    """How often each class is taken for each.

    Args:
      labels: int (examples,), none of them -1.
      predicted: int (examples,).
      num_classes: Classes.

    Returns:
      int64 (classes, classes): row of the label, column of the prediction.
    """
    return tf.math.confusion_matrix(
        labels, predicted, num_classes, dtype=tf.int64
    ).numpy()
