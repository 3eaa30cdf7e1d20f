"""Several rounds in turn as a middle, a range, and a ratio."""

import statistics
from typing import Any

RATE = "images/s"


def summary(rounds):
    """Middle and range of what each round measured."""
    rates = [figures[RATE] for figures in rounds]
    return {
        RATE: round(statistics.median(rates), 2),
        "lowest": min(rates),
        "highest": max(rates),
        "rounds": rounds,
    }


def ratio(ours, theirs, target):
    """Ours over theirs: of the middles, and the range over the rounds.

    Args:
      ours: `summary` of ours.
      theirs: `summary` of the other side in the same rounds.
      target: What the ratio of the middles is to reach.
    """
    pairs = zip(ours["rounds"], theirs["rounds"], strict=True)
    each = [mine[RATE] / other[RATE] for mine, other in pairs]
    middle = ours[RATE] / theirs[RATE]
    return {
        "ratio": round(middle, 3),
        "lowest": round(min(each), 3),
        "highest": round(max(each), 3),
        "target": target,
        "reached": middle >= target,
    }


def best(programs):
    """The name of the highest middle among {name: `summary`}."""
    return max(programs, key=lambda name: programs[name][RATE])


def in_turn(programs, rounds):
    """{name: `summary`} of functions that measure, A, B, A, B, ..."""
    measured: dict[str, list[Any]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, measure in programs.items():
            measured[name].append(measure())
    return {name: summary(each) for name, each in measured.items()}
