"""How much work goes into the probes of pretraining's features."""

from __future__ import annotations

MARKS = (0.25, 0.5, 0.75)  # of the steps, where features are probed
PROBED = 1000  # labelled images, which tell 3 points apart
REPEATS = 5  # of a cross-validation, as few labels are noisy
# Labels times classes times features that so many repeats are of: up to ten
# classes of 50 labels, whatever the network. Of 62 classes of 16 labels one
# repeat on raw pixels, 1.9e8, takes 15 seconds on two busy cores.
MOST_WORK = 3.2e7


def of_class(classes: int) -> int:
    """Labelled images of one class that a probe takes at most.

    Args:
      classes: Of the labels.
    """
    return max(2, PROBED // classes)


def repeats(shape: tuple[int, ...], classes: int) -> int:
    """How often a cross-validation is repeated: more where labels are few.

    Args:
      shape: Of the features, (labels, features).
      classes: Of the labels.
    """
    labels, features = shape
    if labels >= PROBED:
        return 1
    work = labels * classes * features
    return max(1, min(REPEATS, int(REPEATS * MOST_WORK / work)))
