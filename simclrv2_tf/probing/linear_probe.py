"""A linear classifier of frozen features: logistic regression.

scikit-learn's, on features each of mean 0 and deviation 1, where its usual
strength serves few labels and many (benchmarks/recipes.md); the same optimum
block by block where features are many.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from simclrv2_tf.probing import softmax_regression
from simclrv2_tf.probing.feature_rows import Rows
from simclrv2_tf.probing.feature_rows import are_few
from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.feature_rows import mean_and_variance

STRENGTH = 1.0  # inverse of the weight of the L2 penalty, scikit-learn's
ITERATIONS = 300
# Of the deviation of all features: the least that one is divided by, as few
# examples may have it constant.
LEAST_DEVIATION = 1e-2


class Moments(NamedTuple):
    """What features are standardised by.

    Attributes:
      mean: float64 (features,), or one for all.
      deviation: float64 (features,), or one for all, above 0.
    """

    mean: np.ndarray | float
    deviation: np.ndarray | float


AS_THEY_ARE = Moments(0.0, 1.0)


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

    def probabilities(self, features: Rows) -> np.ndarray:
        """Of each class, float64 (examples, classes), rows of sum 1."""
        from scipy import special

        logits = [self.logits(block) for _, block in blocks(features)]
        return special.softmax(np.concatenate(logits), axis=1)

    def classes(self, features: Rows) -> np.ndarray:
        """The likeliest class of each row, int (examples,)."""
        likeliest = [
            self.logits(block).argmax(axis=1) for _, block in blocks(features)
        ]
        return np.concatenate(likeliest)


def fit(
    features: Rows,
    labels: np.ndarray,
    num_classes: int,
    strength: float = STRENGTH,
    moments: Moments | None = None,
) -> LinearProbe:
    """The logistic regression of labels on features.

    Args:
      features: float (examples, features), or rows of a file.
      labels: int (examples,) in [0, num_classes).
      num_classes: Classes; one without an example is never the likeliest.
      strength: Inverse of the weight of the L2 penalty, for standardised
        features.
      moments: What they are standardised by; None for their own.

    Raises:
      ValueError: If all examples are of one class.
    """
    known, numbers = np.unique(labels, return_inverse=True)
    if len(known) < 2:
        raise ValueError(
            "A linear probe needs examples of two classes or more. Received: "
            f"{len(labels)} of {len(known)}"
        )
    moments = moments or moments_of(features)
    if are_few(features):
        weights, bias = _at_once(features[:], labels, strength, moments)
        kernel, biases = _both_rows(weights, bias)
    else:
        kernel, biases = softmax_regression.fit(
            features, numbers, len(known), strength, moments, ITERATIONS
        )
    kernel = (kernel.T / moments.deviation).T
    biases = biases - np.sum(kernel.T * moments.mean, axis=1)
    return _of_all_classes(kernel, biases, known, num_classes)


def classify(
    known: Rows,
    labels: np.ndarray,
    queries: Rows,
    strength: float = STRENGTH,
    moments: Moments | None = None,
) -> np.ndarray:
    """The class that a logistic regression on known examples gives.

    Args:
      known: Features (n, features).
      labels: int (n,).
      queries: Features (m, features).
      strength: See `fit`.
      moments: See `fit`.

    Returns:
      int (m,).
    """
    probe = fit(known, labels, labels.max() + 1, strength, moments)
    return probe.classes(queries)


def moments_of(features: Rows) -> Moments:
    """Mean and deviation of each feature, block by block."""
    mean, variance = mean_and_variance(features)
    least = LEAST_DEVIATION * np.sqrt(np.mean(variance))
    return Moments(mean, np.maximum(np.sqrt(variance), least or 1.0))


def _at_once(features, labels, strength, moments):
    """By scikit-learn, on one thread.

    Several wait for each other where TensorFlow's are at work, and few
    examples then take ten times as long.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=strength, max_iter=ITERATIONS)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # it stops before it converges
        model.fit((features - moments.mean) / moments.deviation, labels)
    return model.coef_, model.intercept_


def _both_rows(weights, bias):
    """One row for each class; scikit-learn has only one for two classes."""
    if len(weights) > 1:
        return weights.T, bias
    rows = np.concatenate([-weights, weights]) / 2
    return rows.T, np.concatenate([-bias, bias]) / 2


def _of_all_classes(weights, bias, known, num_classes):
    """Columns for all classes."""
    # A class without an example is less likely than the mean of the others.
    kernel = np.repeat(weights.mean(axis=1)[:, None], num_classes, axis=1)
    biases = np.full(num_classes, bias.mean() - np.log(1e3))
    kernel[:, known], biases[known] = weights, bias
    return LinearProbe(kernel, biases)
