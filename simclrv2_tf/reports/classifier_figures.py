"""What a network says of labelled images, in the numbers of the page."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclrv2_tf.inference.evaluation import class_metrics
from simclrv2_tf.inference.evaluation import reliability
from simclrv2_tf.probing.intervals import wilson

PAIRS = 8  # pairs of classes that are confused most


@dataclasses.dataclass(frozen=True)
class Judged:
    """Answers beside labels.

    Attributes:
      labels: int (examples,), -1 for unlabelled.
      answers: int (examples,), the most probable class.
      confidence: float (examples,), its probability.
      margin: float (examples,), its lead over the second.
      classes: Number of classes.
    """

    labels: np.ndarray
    answers: np.ndarray
    confidence: np.ndarray
    margin: np.ndarray
    classes: int

    @property
    def labelled(self) -> np.ndarray:
        """Which examples have a label, bool (examples,)."""
        return self.labels >= 0

    @property
    def right(self) -> np.ndarray:
        """Which labelled examples are answered right, bool (labelled,)."""
        return (self.answers == self.labels)[self.labelled]

    def matrix(self) -> np.ndarray:
        """The confusion matrix, int (classes, classes), labels in rows."""
        known = self.labelled
        return class_metrics.confusion(
            self.labels[known], self.answers[known], self.classes
        )

    def summary(self) -> dict[str, float]:
        """Accuracy with its 95 % interval, balanced accuracy, calibration."""
        right, matrix = self.right, self.matrix()
        counts = {"examples": matrix.sum(axis=1), "right": np.diag(matrix)}
        curve = reliability.curve(self.confidence[self.labelled], right)
        low, high = wilson(float(right.mean()), len(right))
        return {
            "examples": len(right),
            "accuracy": float(right.mean()),
            "low": low,
            "high": high,
            "balanced": class_metrics.balanced_accuracy(counts),
            "calibration_error": reliability.expected_calibration_error(curve),
        }

    def confused(self) -> list[tuple[int, int, int]]:
        """(label, answer, count) of the commonest mistakes."""
        matrix = self.matrix()
        np.fill_diagonal(matrix, 0)
        order = np.argsort(-matrix, axis=None, kind="stable")[:PAIRS]
        pairs = zip(*np.unravel_index(order, matrix.shape), strict=True)
        return [
            (int(label), int(answer), int(matrix[label, answer]))
            for label, answer in pairs
            if matrix[label, answer]
        ]

    def surest_mistakes(self, count: int) -> np.ndarray:
        """Places of wrong answers, the surest first."""
        wrong = np.flatnonzero(self.labelled & (self.answers != self.labels))
        order = np.argsort(-self.confidence[wrong], kind="stable")
        return wrong[order][:count]

    def least_sure(self, count: int) -> np.ndarray:
        """Places of the images with the smallest lead of the first class."""
        return np.argsort(self.margin, kind="stable")[:count]


def judge(logits: np.ndarray, labels: np.ndarray) -> Judged:
    """Answers from logits.

    Args:
      logits: float (examples, classes).
      labels: int (examples,), numbered as the network's classes.
    """
    logits = np.asarray(logits, np.float64)
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores /= scores.sum(axis=1, keepdims=True)
    best = np.sort(scores, axis=1)
    second = best[:, -2] if best.shape[1] > 1 else 0
    return Judged(
        labels=np.asarray(labels),
        answers=scores.argmax(axis=1),
        confidence=best[:, -1],
        margin=best[:, -1] - second,
        classes=logits.shape[1],
    )
