"""Which labels are used: stratified, seeded, the same in every stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def choose_labels(
    labels: np.ndarray,
    fraction: float = 1.0,
    per_class: int = 0,
    seed: int = 0,
    names: Sequence[str] | None = None,
    drawn_as: Sequence[int] | None = None,
) -> np.ndarray:
    """Chooses the examples whose labels are used.

    The choice depends on the labels and the arguments alone. The examples of
    a smaller choice are among those of a larger one.

    Args:
      labels: int (examples,), -1 for unlabelled.
      fraction: Share of each class, in (0, 1]; rounded, halves up.
      per_class: Examples of each class; 0 for the share.
      seed: Which choice.
      names: Names of the classes, for messages.
      drawn_as: Number that each class is drawn by, no two of them alike; None
        for its own. With the former ones, classes that are numbered anew keep
        the examples that were chosen of them.

    Returns:
      Sorted int64 numbers of the examples chosen.

    Raises:
      ValueError: If a class would be left without a label, or has too few.
    """
    if not (labels >= 0).any():
        raise ValueError(
            "Labels are needed here, and the data set has none: put images "
            "into class folders, or give a data set with labels."
        )
    if fraction == 1 and not per_class:  # a part of a split may lack a class
        return np.flatnonzero(labels >= 0)
    classes = range(labels.max() + 1)
    chosen = [
        _of_class(labels, index, fraction, per_class, [seed, number], names)
        for index, number in zip(classes, drawn_as or classes, strict=False)
    ]
    return np.sort(np.concatenate(chosen))


def choose_of_few_classes(
    labels: np.ndarray, classes: int, count: int
) -> np.ndarray:
    """Chooses examples of the largest classes, as many of each.

    Args:
      labels: int (examples,), -1 for unlabelled.
      classes: Classes at most.
      count: Examples at most.

    Returns:
      Sorted int64 numbers of the examples chosen, from all over the data set,
      as those that stand together may be alike; none where there are fewer
      than two classes.
    """
    numbers, sizes = np.unique(labels[labels >= 0], return_counts=True)
    largest = numbers[np.argsort(-sizes, kind="stable")[:classes]]
    if len(largest) < 2:
        return np.zeros(0, np.int64)
    each = count // len(largest)
    chosen = [_spread(np.flatnonzero(labels == c), each) for c in largest]
    return np.sort(np.concatenate(chosen))


def _spread(members, count):
    """So many of the members at most, at equal distances."""
    count = min(count, len(members))
    return members[np.arange(count) * len(members) // count]


def drawn(members: np.ndarray, count: int, seed: Sequence[int]) -> np.ndarray:
    """So many of the members, drawn without replacement.

    Of one seed, a smaller draw is the beginning of a larger one.

    Args:
      members: int (n,).
      count: At most n.
      seed: ints, 0 or more.
    """
    order = np.random.Generator(np.random.PCG64(seed))
    return order.permutation(members)[:count]


def share_of(members: np.ndarray, fraction: float) -> int:
    """How many of the members are a share of them; rounded, halves up."""
    return int(np.floor(fraction * len(members) + 0.5))


def _of_class(labels, index, fraction, per_class, seed, names):
    members = np.flatnonzero(labels == index)
    wanted = per_class or share_of(members, fraction)
    name = names[index] if names else index
    if not 0 < wanted <= len(members):
        requested = (
            f"labels_per_class={per_class}"
            if per_class
            else f"label_fraction={fraction:g}"
        )
        raise ValueError(
            f"Each class must keep at least one label and have as many as are "
            f"asked for; class {name!r} has {len(members)} examples. "
            f"Received: {requested}"
        )
    return drawn(members, wanted, seed)
