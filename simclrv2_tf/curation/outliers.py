"""Outliers: images that vary in directions in which the others do not.

The Mahalanobis distance of features of length 1 (Lee et al. 2018, "A Simple
Unified Framework for Detecting Out-of-Distribution Samples"; Sehwag et al.
2021, "SSD", for networks that saw no label), with the covariance of Ledoit and
Wolf 2004. Distances to nearest neighbours do not serve: images of one kind lie
together, and plain ones lie near everything (benchmarks/curation.json).
"""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing.feature_rows import FEW
from simclrv2_tf.probing.feature_rows import blocks
from simclrv2_tf.probing.feature_rows import taken
from simclrv2_tf.probing.nearest import unit


def outlier_scores(rows, seed: int = 0) -> np.ndarray:
    """How outlying each example is: its squared Mahalanobis distance.

    Args:
      rows: Features (examples, features); `StoredRows`, or an array.
      seed: Of the examples that the covariance is of, where not all fit into
        the memory.

    Returns:
      float64 (examples,), the squared distance over the number of features:
      about 1 at most for what is usual, high for outliers.
    """
    from sklearn.covariance import LedoitWolf

    model = LedoitWolf().fit(unit(_some(rows, seed)).astype(np.float64))
    squares = [model.mahalanobis(unit(block)) for _, block in blocks(rows)]
    return np.concatenate(squares) / rows.shape[1]


def _some(rows, seed):
    most = max(1, FEW // rows.shape[1])
    numbers = np.arange(len(rows))
    if len(rows) > most:
        rng = np.random.default_rng(seed)
        numbers = np.sort(rng.choice(len(rows), most, replace=False))
    return taken(rows, numbers)
