"""Whether classes are so unequal that a constant answer is often right."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.probing.intervals import wilson

CLEARLY = 1.25  # times the share that each of equal classes has


def is_unequal(counts: np.ndarray) -> bool:
    """Whether the largest class has clearly more images than equal ones have.

    Its share is `CLEARLY` times 1 / classes or more, and the 95 % interval of
    that share lies above 1 / classes: of a few images of many equal classes
    one has more than the others by chance.

    Args:
      counts: int (classes,), images of each class, one of them or more above 0.
    """
    share, equal = largest_share(counts), 1 / len(counts)
    low, _ = wilson(share, int(counts.sum()))
    return share >= CLEARLY * equal and low > equal


def largest_share(counts: np.ndarray) -> float:
    """Of all images those of the largest class.

    Args:
      counts: See `is_unequal`.
    """
    return float(counts.max() / counts.sum())
