"""What to label where much is labelled: far from labels, and unsure.

The distance is that of the coreset method (Sener and Savarese 2018, "Active
Learning for Convolutional Neural Networks: A Core-Set Approach"), the margin
between the two likeliest classes that of Scheffer et al. 2001; their product
asks for both.
"""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.feature_rows import taken
from simclrv2_tf.probing.nearest import QUERIES
from simclrv2_tf.probing.nearest import distance
from simclrv2_tf.probing.nearest import nearest


class FarAndUnsure:
    """Examples by their distance to labels times how unsure a classifier is.

    Args:
      rows: Features (examples, features).
      labels: int (examples,), -1 for unlabelled; at least one label.
    """

    def __init__(self, rows, labels: np.ndarray):
        self._rows = rows
        known = np.flatnonzero(labels >= 0)
        self._distance = distances_to(rows, taken(rows, known))
        self._unsure = 1 - margins(rows, labels)

    def best(self, allowed: np.ndarray) -> tuple[int, float]:
        """The best example and its score, in [0, 2].

        Args:
          allowed: bool (examples,), which examples may be chosen.
        """
        score = np.where(allowed, self._distance * self._unsure, -1)
        number = int(score.argmax())
        return number, float(score[number])

    def add(self, number: int) -> None:
        """Counts an example as labelled: others near it are no longer far."""
        new = taken(self._rows, np.array([number]))
        self._distance = np.minimum(
            self._distance, distances_to(self._rows, new)
        )


def distances_to(rows, known: np.ndarray) -> np.ndarray:
    """From each example to the nearest known one, float (examples,)."""
    distances = [
        distance(nearest(block, known, 1)[0][:, 0])
        for _, block in blocks(rows, QUERIES * rows.shape[1])
    ]
    return np.concatenate(distances)


def margins(rows, labels: np.ndarray) -> np.ndarray:
    """The lead of the likeliest class over the second, in [0, 1].

    By a logistic regression on the labels; zeros where they are of one class
    alone.

    Args:
      rows: Features (examples, features).
      labels: int (examples,), -1 for unlabelled.
    """
    known = np.flatnonzero(labels >= 0)
    classes = np.unique(labels[known])
    if len(classes) < 2:
        return np.zeros(len(rows))
    numbers = np.searchsorted(classes, labels[known])
    probe = linear_probe.fit(taken(rows, known), numbers, len(classes))
    leads = [
        _lead(probe.probabilities(block))
        for _, block in blocks(rows, QUERIES * rows.shape[1])
    ]
    return np.concatenate(leads)


def _lead(shares):
    best = np.partition(shares, -2, axis=1)
    return best[:, -1] - best[:, -2]
