"""Labelled images that training leaves out, to evaluate on."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.label_subset import drawn
from simclrv2_tf.data.label_subset import share_of
from simclrv2_tf.data.source import Source

HOLDOUT = "holdout"  # the split of those images
FRACTION = 0.2  # that is set aside where nothing else is said
_SEED = 2020  # always the same: every stage and every draw leaves out the same


def held_out(labels: np.ndarray, fraction: float) -> np.ndarray:
    """Chooses the examples that are set aside.

    The choice depends on the labels and the share alone.

    Args:
      labels: int (examples,), -1 for unlabelled, which are never chosen.
      fraction: Share of each class, in [0, 1); rounded, halves up.

    Returns:
      Sorted int64 numbers of the examples chosen.
    """
    chosen = [np.zeros(0, np.int64)]
    for index in range(labels.max(initial=-1) + 1):
        members = np.flatnonzero(labels == index)
        count = share_of(members, fraction)
        chosen.append(drawn(members, count, [_SEED, index]))
    return np.sort(np.concatenate(chosen))


def left_over(labels: np.ndarray, fraction: float) -> np.ndarray:
    """Numbers of the examples that `held_out` does not choose, sorted."""
    return np.setdiff1d(np.arange(len(labels)), held_out(labels, fraction))


def divide(source: Source, fraction: float) -> tuple[Source, Source]:
    """What training has left of a source, and what is set aside of it.

    Args:
      source: A `Source`.
      fraction: Share of each class, in [0, 1).
    """
    rest, aside = (f(source.labels, fraction) for f in (left_over, held_out))
    return source.subset(rest), source.subset(aside)
