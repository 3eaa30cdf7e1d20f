"""How many labels are wrong, and which: confident learning.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty
in Dataset Labels": an example counts for a class if its probability is at
least the mean probability that the examples labelled so have of their label.
Written from the paper.
"""

from __future__ import annotations

import numpy as np


def thresholds(own: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Mean self-confidence of each class.

    Args:
      own: float (examples,), of each label its probability, out of fold.
      labels: int (examples,).
      classes: Classes.

    Returns:
      float64 (classes,); infinite for a class without a label.
    """
    count = np.bincount(labels, minlength=classes)
    total = np.bincount(labels, own, minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def confident_classes(
    probabilities: np.ndarray, least: np.ndarray
) -> np.ndarray:
    """The class that each example counts for.

    Args:
      probabilities: float (examples, classes), out of fold.
      least: float (classes,), the `thresholds` of all examples.

    Returns:
      int (examples,): of the classes whose threshold it reaches the likeliest;
      -1 if it reaches none.
    """
    reached = probabilities >= least
    likeliest = np.where(reached, probabilities, -1.0).argmax(axis=1)
    return np.where(reached.any(axis=1), likeliest, -1)


def joint(counted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The joint distribution of given and true labels.

    Args:
      counted: int (examples,), see `confident_classes`.
      labels: int (examples,).
      classes: Classes.

    Returns:
      float64 (classes, classes) of sum 1: rows, the given labels, have the
      shares that they have among all labels.
    """
    matrix = np.zeros((classes, classes))
    known = counted >= 0
    np.add.at(matrix, (labels[known], counted[known]), 1)
    # A class none of whose examples counts for anything is taken as it is.
    empty = matrix.sum(axis=1) == 0
    matrix[empty, empty] = 1
    given = np.bincount(labels, minlength=classes) / len(labels)
    return matrix / matrix.sum(axis=1, keepdims=True) * given[:, None]


def wrong_share(joint_distribution: np.ndarray) -> float:
    """Share of labels that are wrong: what is off the diagonal."""
    return float(1 - np.trace(joint_distribution))
