"""Whether pretraining learns, compared with its own first steps.

A loss above chance is no sign: at a low temperature good runs stay there for
hundreds of steps. Where there are labels, what tells is how often an image's
nearest neighbour is of its class. Elsewhere it is how often a view finds the
other view of its image in the batch, or a loss that falls while the projections
spread; a network may also learn that from images that say nothing. The bounds
are from forty runs, benchmarks/health.md.
"""

from __future__ import annotations

MORE_FOUND = 1.8  # odds of finding the other view, to those at the start
# A loss that falls by such a share, while projections have such a uniformity:
# the loss of a network that collapses falls too.
FALLEN, SPREAD = 0.1, -2.0
# More images whose neighbour is of their class, of 250 some: 0.03 is the
# standard error. Less than the first is not learning, more than the second is.
NEARER, SURELY_NEARER = 0.05, 0.1
MOST_AT_START = 0.8  # of them; above it neighbours have little left to tell


def trouble(numbers: dict) -> str | None:
    """Why a run does not learn; None if it learns, or the numbers do not tell.

    Neighbours decide where they are known and sure, else views and loss.

    Args:
      numbers: {name: number} of a health line, see `LearningTrend`.
    """
    gain = _gain(numbers)
    if gain is not None and gain < NEARER:
        reason = _few_neighbours(numbers)
    elif gain is not None and gain > SURELY_NEARER:
        return None
    else:
        reason = None if _falls_and_spreads(numbers) else _few_matches(numbers)
    if reason is None:
        return None
    return (
        f"{reason}: nothing is learnt so far. Look at the images with "
        "tools/preview_augmentations.py; try another --learning_rate or a "
        "longer --warmup_epochs."
    )


def _gain(numbers):
    """The gain in neighbours since the start; None if that tells nothing."""
    now, start = _both(numbers, "neighbours")
    if start is None or start > MOST_AT_START:
        return None
    return now - start


def _few_neighbours(numbers):
    now, start = _both(numbers, "neighbours")
    return (
        f"{now:.0%} of images have a neighbour of their class, after "
        f"{start:.0%} in the untrained network"
    )


def _few_matches(numbers):
    """Words if few more positives are found than at the start, else None."""
    now, start = _both(numbers, "positives_found")
    if start is None or _odds(now) >= MORE_FOUND * _odds(start):
        return None
    return (
        f"positives are found for {now:.1%} of views, after {start:.1%} in "
        "the first steps"
    )


def _falls_and_spreads(numbers):
    now, start = _both(numbers, "loss_share_of_chance")
    spread = numbers.get("uniformity", 0.0) < SPREAD
    return start is not None and spread and now < (1 - FALLEN) * start


def _both(numbers, name):
    """Now and at the start; (None, None) if one is not known."""
    both = numbers.get(name), numbers.get(f"{name}_at_start")
    return (None, None) if None in both else both


def _odds(share):
    return share / max(1.0 - share, 1e-6)
