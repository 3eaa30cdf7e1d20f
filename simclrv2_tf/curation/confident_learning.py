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


def wrong_share(counted: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Share of labels that are wrong.

    That is what is off the diagonal of the joint distribution of given and
    true labels, whose rows, the given labels, have the shares that they have
    among all labels. No more than the diagonal is made of it: of 20,000
    classes the whole would take 3 GB.

    Args:
      counted: int (examples,), see `confident_classes`.
      labels: int (examples,).
      classes: Classes.
    """
    given = np.bincount(labels, minlength=classes) / len(labels)
    rows = np.bincount(labels[counted >= 0], minlength=classes)
    right = np.bincount(labels[counted == labels], minlength=classes)
    # A class none of whose examples counts for anything is taken as it is.
    kept = np.where(rows > 0, right / np.maximum(rows, 1), 1.0)
    return float(1 - np.sum(kept * given))
