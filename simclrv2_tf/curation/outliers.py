"""Images that belong to nothing: those far from their neighbours."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing.nearest import distance

# Distances to neighbours tell what is out of distribution (Sun et al. 2022,
# "Out-of-Distribution Detection with Deep Nearest Neighbors", by the last of 50
# or more). Ten, as small data have no more of a kind, and their mean, as the
# last alone is noisy.
NEIGHBOURS = 10


def outlier_scores(cosines: np.ndarray) -> np.ndarray:
    """Mean distance of each example to its nearest others.

    Args:
      cosines: float (examples, neighbours), see `nearest_others`.

    Returns:
      float64 (examples,) in [0, 2]; high for outliers.
    """
    return distance(cosines[:, :NEIGHBOURS].astype(np.float64)).mean(axis=1)
