"""Typical images of clusters: what to label where little is labelled.

TypiClust (Hacohen, Dekel and Weinshall 2022, "Active Learning on a Budget:
Opposite Strategies Suit High and Low Budgets"): as many clusters as there
will be labels, and of each the example in the densest place.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from simclrv2_tf.curation.clusters import clusters_of
from simclrv2_tf.probing.feature_rows import taken
from simclrv2_tf.probing.nearest import distance
from simclrv2_tf.probing.nearest import nearest_others

# The paper's (appendix on implementation): neighbours, clusters at most, and
# members below which a cluster tells nothing of what is typical.
NEIGHBOURS, MOST_CLUSTERS, SMALL = 20, 500, 5
_LEAST = 1e-3  # least mean distance that float32 cosines resolve


def typicality(rows) -> np.ndarray:
    """How typical examples are: 1 / mean distance to their neighbours.

    Args:
      rows: Features (examples, features) of one cluster.

    Returns:
      float64 (examples,), by the 20 nearest of the others, or half of the
      cluster if that is fewer; 0 for an example that is alone. Distances are
      between features of length 1.
    """
    if len(rows) < 2:
        return np.zeros(len(rows))
    count = min(NEIGHBOURS, max(1, len(rows) // 2))
    cosine, _ = nearest_others(rows, count)
    return 1 / np.maximum(distance(cosine).mean(axis=1), _LEAST)


def in_turn(
    rows, labelled: np.ndarray, budget: int, seed: int = 0
) -> Iterator[tuple[int, float]]:
    """Yields the examples without label, the next to be labelled first.

    Clusters take turns, those that hold the fewest labels first, of them the
    largest. Small clusters follow where all others are used up.

    Args:
      rows: Features (examples, features).
      labelled: bool (examples,).
      budget: How many are wanted.
      seed: Of the clusters.

    Yields:
      Number of an example, and its typicality in its cluster.
    """
    wanted = min(int(labelled.sum()) + budget, MOST_CLUSTERS, len(rows))
    cluster = clusters_of(rows, wanted, seed)
    label_counts = np.bincount(cluster[labelled], minlength=wanted)
    size = np.bincount(cluster, minlength=wanted)
    order = np.lexsort([-size, label_counts])
    for group in (size >= SMALL, size < SMALL):
        yield from _turns(rows, cluster, labelled, order[group[order]])


def _turns(rows, cluster, labelled, order):
    """Each round takes one example of each cluster that has any left."""

    @functools.cache  # a cluster is looked into when its turn comes
    def members(number):
        inside = np.flatnonzero(cluster == number)
        typical = typicality(taken(rows, inside))
        best = np.argsort(-typical, kind="stable")
        best = best[~labelled[inside[best]]]
        return inside[best], typical[best]

    turn, left = 0, list(order)
    while left:
        left = [number for number in left if turn < len(members(number)[0])]
        for number in left:
            numbers, typical = members(number)
            yield int(numbers[turn]), float(typical[turn])
        turn += 1
