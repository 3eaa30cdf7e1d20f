"""A linear classifier of frozen features: logistic regression.

scikit-learn's, on features each of mean 0 and deviation 1, where its usual
strength serves few labels and many (benchmarks/recipes.md).
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

STRENGTH = 1.0  # inverse of the weight of the L2 penalty, scikit-learn's
ITERATIONS = 300
# Of the deviation of all features: the least that one is divided by, as few
# examples may have it constant.
LEAST_DEVIATION = 1e-2


class LinearProbe(NamedTuple):
    """A linear classifier.

    Attributes:
      kernel: float64 (features, classes).
      bias: float64 (classes,).
    """

    kernel: np.ndarray
    bias: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Float (examples, classes) of float (examples, features)."""
        return features @ self.kernel + self.bias


def fit(
    features: np.ndarray, labels: np.ndarray, num_classes: int
) -> LinearProbe:
    """The logistic regression of labels on features.

    On one thread: several wait for each other where TensorFlow's are at work,
    and few examples then take ten times as long.

    Args:
      features: float (examples, features).
      labels: int (examples,) in [0, num_classes).
      num_classes: Classes; one without an example is never the likeliest.

    Raises:
      ValueError: If all examples are of one class.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    known = np.unique(labels)
    if len(known) < 2:
        raise ValueError(
            "A linear probe needs examples of two classes or more. Received: "
            f"{len(labels)} of {len(known)}"
        )
    mean, scale = _moments(features)
    model = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # it stops before it converges
        model.fit((features - mean) / scale, labels)
    weights = model.coef_ / scale
    bias = model.intercept_ - weights @ mean
    return _of_all_classes(weights, bias, known, num_classes)


def _moments(features):
    """Mean and deviation of each feature, float64 (features,)."""
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    least = LEAST_DEVIATION * np.sqrt(np.mean(deviation**2))
    return mean, np.maximum(deviation, least or 1.0)


def _of_all_classes(weights, bias, known, num_classes):
    """Rows for all classes; two classes have one row, of the second."""
    if len(known) == 2:
        weights = np.concatenate([-weights, weights]) / 2
        bias = np.concatenate([-bias, bias]) / 2
    # A class without an example is less likely than the mean of the others.
    kernel = np.repeat(weights.mean(axis=0)[:, None], num_classes, axis=1)
    biases = np.full(num_classes, bias.mean() - np.log(1e3))
    kernel[:, known], biases[known] = weights.T, bias
    return LinearProbe(kernel, biases)
