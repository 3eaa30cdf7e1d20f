"""Images that belong to nothing: those far from their neighbours."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing.nearest import distance

# Distances to neighbours tell what is out of distribution (Sun et al. 2022,
# "Out-of-Distribution Detection with Deep Nearest Neighbors", by the last of 50
# or more; the mean is less noisy). Outliers of one kind lie together and are
# found while they are fewer than the neighbours: a twentieth of the images.
SHARE, FEWEST, MOST = 20, 10, 100


def neighbours_of(images: int) -> int:
    """Neighbours that count, of so many images."""
    return min(max(images // SHARE, FEWEST), MOST)


def outlier_scores(cosines: np.ndarray) -> np.ndarray:
    """Mean distance of each example to its nearest others.

    Args:
      cosines: float (examples, neighbours or more), see `nearest_others` and
        `neighbours_of`.

    Returns:
      float64 (examples,) in [0, 2]; high for outliers.
    """
    count = neighbours_of(len(cosines))
    return distance(cosines[:, :count].astype(np.float64)).mean(axis=1)
