"""What to label next: typical at first, far and unsure as labels grow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simclrv2_tf.curation.typicality import in_turn
from simclrv2_tf.curation.uncertainty_coreset import FarAndUnsure

TYPICAL, FAR = "typical", "far and unsure"
# Labels a class at which half of the choice is far and unsure. That typical
# examples win with few labels and uncertain ones with many is Hacohen et al.
# 2022; where between is a choice (benchmarks/curation.json).
HALF = 20


class Chosen(NamedTuple):
    """An example to be labelled.

    Attributes:
      number: Of the example.
      by: "typical" or "far and unsure".
      score: Typicality, above 0, or distance times how unsure, in [0, 2].
    """

    number: int
    by: str
    score: float


def share_far(labels: int, classes: int) -> float:
    """The share of the choice that is far and unsure, in [0, 1).

    L / (L + 20 C) of L labels of C classes: 0 with none, 1/21 with one label
    a class, a half with 20.

    Args:
      labels: How many there are.
      classes: Of how many classes; 1 or more where there are labels.
    """
    return labels / (labels + HALF * classes) if labels else 0.0


def next_labels(
    rows,
    labels: np.ndarray,
    budget: int,
    groups: np.ndarray,
    seed: int = 0,
) -> list[Chosen]:
    """Chooses examples to label, the most useful first.

    Args:
      rows: Features (examples, features).
      labels: int (examples,), -1 for unlabelled.
      budget: How many to choose.
      groups: int (examples,), the near-duplicates that each belongs to, -1
        for none: of a group one is chosen at most, none if one has a label.
      seed: Of the clusters.

    Returns:
      `budget` of them, fewer if the others are near-duplicates.
    """
    labelled = labels >= 0
    allowed = ~labelled & ~_of_groups(groups, groups[labelled])
    share = share_far(int(labelled.sum()), len(np.unique(labels[labelled])))
    far = FarAndUnsure(rows, labels) if share else None
    typical = in_turn(rows, labelled, budget, seed)
    chosen: list[Chosen] = []
    while len(chosen) < budget and allowed.any():
        place = len(chosen)
        if far and int((place + 1) * share) > int(place * share):
            chosen.append(Chosen(*_parts(FAR, far.best(allowed))))
        else:
            chosen.append(Chosen(*_parts(TYPICAL, _first(typical, allowed))))
        number = chosen[-1].number
        allowed[number] = False
        allowed &= ~_of_groups(groups, groups[[number]])
        if far:
            far.add(number)
    return chosen


def _parts(by, candidate):
    number, score = candidate
    return number, by, score


def _first(typical, allowed):
    return next(pair for pair in typical if allowed[pair[0]])


def _of_groups(groups, some):
    """Which examples are of one of some groups, bool (examples,)."""
    return np.isin(groups, some[some >= 0])
