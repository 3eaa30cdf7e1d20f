"""Answers of a classifier on labelled images, as numbers for the page."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclrv2_tf.inference.evaluation import class_metrics
from simclrv2_tf.inference.evaluation import reliability
from simclrv2_tf.probing.intervals import wilson

PAIRS = 8  # pairs of classes that are confused most
_AT_ONCE = 2**22  # scores, float64, 32 MiB


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

    def counts(self) -> dict[str, np.ndarray]:
        """Of each class its `examples`, and how many are `right`, int."""
        labels = self.labels[self.labelled]
        return {
            name: np.bincount(some, minlength=self.classes)
            for name, some in (
                ("examples", labels),
                ("right", labels[self.right]),
            )
        }

    def summary(self) -> dict[str, float]:
        """Accuracy with its 95 % interval, balanced accuracy, calibration."""
        right, counts = self.right, self.counts()
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
        wrong = self.labelled & (self.answers != self.labels)
        pairs = np.stack([self.labels[wrong], self.answers[wrong]], axis=1)
        pairs, counts = np.unique(pairs, axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:PAIRS]
        return [
            (int(pairs[place, 0]), int(pairs[place, 1]), int(counts[place]))
            for place in order
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
    classes = logits.shape[1]
    size = max(1, _AT_ONCE // classes)
    starts = range(0, max(len(logits), 1), size)
    leads = [leads_of(logits[start : start + size]) for start in starts]
    return judged(np.concatenate(leads), labels, classes)


def leads_of(logits: np.ndarray) -> np.ndarray:
    """The likeliest class of each row, its probability and its lead.

    That is all that is kept of an image: the probabilities of 20,000 images
    for as many classes would be 3 GB.

    Args:
      logits: float (batch, classes).

    Returns:
      float64 (batch, 3).
    """
    logits = np.asarray(logits, np.float64)
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores /= scores.sum(axis=1, keepdims=True)
    answers = scores.argmax(axis=1)
    if scores.shape[1] == 1:
        second = np.zeros(len(scores))
    else:
        second = np.partition(scores, -2, axis=1)[:, -2]
    highest = scores.max(axis=1)
    return np.stack([answers, highest, highest - second], axis=1)


def judged(leads: np.ndarray, labels: np.ndarray, classes: int) -> Judged:
    """Answers beside labels.

    Args:
      leads: float64 (examples, 3), see `leads_of`.
      labels: int (examples,), numbered as the network's classes.
      classes: Number of classes.
    """
    return Judged(
        labels=np.asarray(labels),
        answers=leads[:, 0].astype(np.int64),
        confidence=leads[:, 1],
        margin=leads[:, 2],
        classes=classes,
    )
