"""What each label counts, so that a constant answer has no more than chance."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.recipes.unequal_classes import is_unequal


def weighted_accuracy(right: np.ndarray) -> float:
    """The share of what is told right; 1 where all is, whatever it counts.

    Args:
      right: float (labels,), right answers times their `weights`, whose sum
        is rounded in its last digits.
    """
    return round(float(right.mean()), 9)


def weights(
    labels: np.ndarray, counts: np.ndarray, balanced: bool = False
) -> np.ndarray:
    """What labels count in a share of right answers.

    In classes of unequal size each class counts alike, as of 95 labels of one
    and 5 of another a constant answer has 95 % right.

    Args:
      labels: int (labels,), of those that are asked for.
      counts: int (classes,), all labels of each class.
      balanced: Whether classes count alike in any case.

    Returns:
      float (labels,), 1 on average.
    """
    if not balanced and not is_unequal(counts):
        return np.ones(len(labels))
    of_class = np.bincount(labels)
    return len(labels) / (np.count_nonzero(of_class) * of_class[labels])
