"""A linear classifier in closed form: ridge regression to one-hot labels.

As the few-shot evaluation of big_vision: standardised features, targets of -1
and 1, an L2 penalty of 1,024. The bias is not penalised at all (there a
constant feature of 100 stands for it).
"""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.linear_probe import LinearProbe

L2 = 2.0**10
_SMALL = 1e-5  # added to deviations, for features that are always the same


def fit(
    rows, labels: np.ndarray, num_classes: int, l2: float = L2
) -> LinearProbe:
    """The ridge regression of one-hot labels on features.

    It reads the features twice, block by block, and holds the matrix of their
    covariances.

    Args:
      rows: Features (examples, features).
      labels: int (examples,) in [0, num_classes).
      num_classes: Classes.
      l2: Weight of the squared norm of the kernel beside the sum of squared
        errors.
    """
    mean, scale = _moments(rows)
    targets = np.full((len(rows), num_classes), -1.0, np.float32)
    targets[np.arange(len(rows)), labels] = 1
    centre = targets.mean(axis=0, dtype=np.float64)
    width = rows.shape[1]
    gram, product = np.zeros((width, width)), np.zeros((width, num_classes))
    for part, block in blocks(rows):
        block = (block - mean) / scale
        gram += block.T @ block
        product += block.T @ (targets[part] - centre)
    gram[np.diag_indices(width)] += l2
    kernel = np.linalg.solve(gram, product) / scale[:, None]
    return LinearProbe(kernel, centre - mean @ kernel)


def _moments(rows):
    """Mean and deviation of each feature, float64 (features,)."""
    total = squares = 0.0
    for _, block in blocks(rows):
        total = total + block.sum(axis=0, dtype=np.float64)
    mean = total / len(rows)
    for _, block in blocks(rows):
        squares = squares + np.square(block - mean).sum(axis=0)
    return mean, np.sqrt(squares / len(rows)) + _SMALL
