"""A classifier's predictions for all examples, and their accuracy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.models.network import Network


@dataclasses.dataclass(frozen=True)
class Answers:
    """Of each labelled example a few numbers, in place of all its logits.

    Attributes:
      numbers: int64 (examples,), of the examples.
      labels: int64 (examples,).
      predicted: int64 (examples,), the likeliest class.
      in_top_5: bool (examples,), whether the label is among the five.
      confidence: float32 (examples,) in [0, 1], that class's probability.
      calibrated: float32 (examples,) in [0, 1], the same at a temperature.
    """

    numbers: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    in_top_5: np.ndarray
    confidence: np.ndarray
    calibrated: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """bool (examples,)."""
        return self.predicted == self.labels


def answers_of(
    network: Network,
    dataset: tf.data.Dataset,
    labels: np.ndarray,
    temperature: float = 1.0,
) -> Answers:
    """Predicts the classes of a data set.

    Args:
      network: A `Network` with a supervised head.
      dataset: `tf.data.Dataset` of (images float (batch, h, w, c) in [0, 1],
        numbers int (batch,)), this worker's share of the examples; the last
        batch may be smaller.
      labels: int (examples,), of all examples; unlabelled ones (-1) are not
        counted.
      temperature: Of the calibrated confidence.

    Returns:
      `Answers` of all workers' examples.

    Raises:
      ValueError: If no example has a label.
    """

    def predict(logits):
        best = tf.math.top_k(logits, min(5, logits.shape[-1])).indices
        shares = [_highest(logits), _highest(logits / temperature)]
        return best, tf.stack(shares, axis=1)

    parts = [(np.zeros((0, 4), np.int64), np.zeros((0, 2), np.float32))]
    for (best, confidence), numbers in _mapped(network, predict, dataset):
        known = labels[numbers] >= 0
        truth, best = labels[numbers][known], best[known]
        in_top_5 = (best == truth[:, None]).any(axis=1)
        columns = np.stack(
            [numbers[known], truth, best[:, 0], in_top_5], axis=1
        )
        parts.append((columns.astype(np.int64), confidence[known]))
    columns, confidence = (
        distribution.join_workers(np.concatenate(part))
        for part in zip(*parts, strict=True)
    )
    if not len(columns):
        raise ValueError(
            "Evaluation needs labelled examples, and there are none: give an "
            "evaluation split that has labels."
        )
    numbers, truth, predicted, in_top_5 = columns.T
    return Answers(numbers, truth, predicted, in_top_5 > 0, *confidence.T)


def _mapped(network: Network, function: Callable, dataset: tf.data.Dataset):
    """Yields what a function makes of logits, and the examples' numbers."""

    def of_batch(images, numbers):
        logits = network(images, training=False)["logits_sup"]
        return function(tf.cast(logits, tf.float32)), numbers

    return distribution.map_rows(of_batch, dataset)


def _highest(logits):
    """The likeliest class's probability; 0 where it is not finite."""
    highest = tf.reduce_max(tf.nn.softmax(logits), axis=-1)
    return tf.where(tf.math.is_finite(highest), highest, 0.0)


def accuracy(answers: Answers) -> dict:
    """The original release's numbers, and how many examples they are of.

    Returns:
      Dictionary of `label_top_1_accuracy` and `label_top_5_accuracy` in
      [0, 1] and `examples`.
    """
    count = len(answers.labels)
    return {
        "label_top_1_accuracy": answers.right.sum() / count,
        "label_top_5_accuracy": answers.in_top_5.sum() / count,
        "examples": count,
    }
