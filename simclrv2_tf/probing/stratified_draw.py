"""Some of many labelled examples: of each class its share, by a seed."""

from __future__ import annotations

import numpy as np


def draw(
    labels: np.ndarray, most: int, least: int = 0, seed: int = 0
) -> np.ndarray:
    """Chooses examples, of each class its share.

    Args:
      labels: int (examples,), 0 or more.
      most: Examples at most.
      least: Examples of each class that are chosen before any others, as far
        as `most` and the class allow.
      seed: Which choice.

    Returns:
      Sorted int64 numbers of the examples chosen, all where they are no more
      than `most`.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    ranks, shares = ranks_in_class(labels[order])
    likeliest = np.lexsort((shares, ranks >= least))  # ties stay in `order`
    return np.sort(order[likeliest[:most]])


def ranks_in_class(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each example stands among those of its class.

    Args:
      labels: int (examples,), 0 or more.

    Returns:
      int64 (examples,), how many of its class stand before it, and float64
      (examples,), the share of its class that does, the middle of its own.
    """
    counts = np.bincount(labels)
    by_class = np.argsort(labels, kind="stable")
    begins = np.cumsum(counts) - counts
    ranks = np.empty(len(labels), np.int64)
    ranks[by_class] = np.arange(len(labels)) - np.repeat(begins, counts)
    return ranks, (ranks + 0.5) / counts[labels]
