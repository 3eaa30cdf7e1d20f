"""A linear classifier of frozen features: logistic regression.

scikit-learn's, on features of unit mean square, where its usual strength
serves few labels and many; the same optimum block by block where features are
many.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from simclrv2_tf.probing import softmax_regression
from simclrv2_tf.probing.feature_rows import are_few
from simclrv2_tf.probing.feature_rows import blocks

STRENGTH = 1.0  # inverse of the weight of the L2 penalty, scikit-learn's
ITERATIONS = 300


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

    def classes(self, features) -> np.ndarray:
        """The likeliest class of each row, int (examples,)."""
        told = [self.logits(b).argmax(axis=1) for _, b in blocks(features)]
        return np.concatenate(told)


def fit(
    features,
    labels: np.ndarray,
    num_classes: int,
    strength: float = STRENGTH,
    scale: float | None = None,
) -> LinearProbe:
    """The logistic regression of labels on features.

    Args:
      features: float (examples, features), or rows of a file.
      labels: int (examples,) in [0, num_classes).
      num_classes: Classes; one without an example is never the likeliest.
      strength: Inverse of the weight of the L2 penalty, for features of unit
        mean square.
      scale: Of features, see `scale_of`; None for their own.

    Raises:
      ValueError: If all examples are of one class.
    """
    known, numbers = np.unique(labels, return_inverse=True)
    if len(known) < 2:
        raise ValueError(
            "A linear probe needs examples of two classes or more. Received: "
            f"{len(labels)} of {len(known)}"
        )
    scale = scale or scale_of(features)
    if are_few(features):
        weights, bias = _at_once(features[:], labels, strength, scale)
        kernel, biases = _both_rows(weights, bias)
    else:
        kernel, biases = softmax_regression.fit(
            features, numbers, len(known), strength, scale, ITERATIONS
        )
    return _of_all_classes(kernel / scale, biases, known, num_classes)


def classify(
    known,
    labels: np.ndarray,
    asked,
    strength: float = STRENGTH,
    scale: float | None = None,
) -> np.ndarray:
    """The class that a logistic regression on known examples gives.

    Args:
      known: Features (n, features).
      labels: int (n,).
      asked: Features (m, features).
      strength: See `fit`.
      scale: See `fit`.

    Returns:
      int (m,).
    """
    probe = fit(known, labels, labels.max() + 1, strength, scale)
    return probe.classes(asked)


def scale_of(features) -> float:
    """Square root of the mean square, 1 of features that are all zero."""
    if are_few(features):
        mean = np.mean(np.square(features[:]), dtype=np.float64)
    else:
        total = sum(np.square(b).sum(dtype=float) for _, b in blocks(features))
        mean = total / (features.shape[0] * features.shape[1])
    return np.sqrt(mean) or 1.0


def _at_once(features, labels, strength, scale):
    """By scikit-learn, on one thread.

    Several wait for each other where TensorFlow's are at work, and few
    examples then take ten times as long.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=strength, max_iter=ITERATIONS)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # it stops before it converges
        model.fit(features / scale, labels)
    return model.coef_, model.intercept_


def _both_rows(weights, bias):
    """Two classes have one row, of the second."""
    if len(weights) > 1:
        return weights.T, bias
    rows = np.concatenate([-weights, weights]) / 2
    return rows.T, np.concatenate([-bias, bias]) / 2


def _of_all_classes(weights, bias, known, num_classes):
    """Columns for all classes."""
    kernel = np.zeros((len(weights), num_classes))
    # As likely as a class that is never right, in the examples that there are.
    biases = np.full(num_classes, bias.min() - np.log(1e3))
    kernel[:, known], biases[known] = weights, bias
    return LinearProbe(kernel, biases)
