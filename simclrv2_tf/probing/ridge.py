"""A linear classifier in closed form: ridge regression to one-hot labels.

As the few-shot evaluation of big_vision: standardised features, targets of -1
and 1, an L2 penalty of 1,024. The bias is not penalised at all (there a
constant feature of 100 stands for it).
"""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing.feature_rows import BLOCK
from simclrv2_tf.probing.feature_rows import Rows
from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.feature_rows import mean_and_variance
from simclrv2_tf.probing.linear_probe import LinearProbe

L2 = 2.0**10
_SMALL = 1e-5  # added to deviations, for features that are always the same


def fit(
    rows: Rows, labels: np.ndarray, num_classes: int, l2: float = L2
) -> LinearProbe:
    """The ridge regression of one-hot labels on features.

    It reads the features block by block, and holds the matrix of their
    covariances, or where there are fewer examples that of the examples'.

    Args:
      rows: Features (examples, features).
      labels: int (examples,) in [0, num_classes).
      num_classes: Classes.
      l2: Weight of the squared norm of the kernel beside the sum of squared
        errors.
    """
    mean, variance = mean_and_variance(rows)
    scale = np.sqrt(variance) + _SMALL
    counts = np.bincount(labels, minlength=num_classes)
    centre = 2.0 * counts / len(rows) - 1.0
    solve = _by_examples if len(rows) < rows.shape[1] else _by_features
    parts = _standardised(rows, labels, centre, mean, scale)
    kernel = solve(parts, l2) / scale[:, None]
    return LinearProbe(kernel, centre - mean @ kernel)


def _standardised(rows, labels, centre, mean, scale):
    """Yields features and targets, each less its mean, block by block."""
    widest = max(rows.shape[1], len(centre))
    for part, block in blocks(rows, BLOCK // widest * rows.shape[1]):
        yield (block - mean) / scale, _targets(labels[part], centre)


def _targets(labels, centre):
    """-1, and 1 for the class of each example, less their means."""
    targets = np.tile(-1.0 - centre, (len(labels), 1))
    targets[np.arange(len(labels)), labels] += 2.0
    return targets


def _by_features(parts, l2):
    gram = product = 0.0
    for block, targets in parts:
        gram = gram + block.T @ block
        product = product + block.T @ targets
    return np.linalg.solve(gram + l2 * np.eye(len(gram)), product)


def _by_examples(parts, l2):
    """The same, as the kernel is a sum of the examples."""
    every, targets = map(np.concatenate, zip(*parts, strict=True))
    gram = every @ every.T
    return every.T @ np.linalg.solve(gram + l2 * np.eye(len(gram)), targets)
