"""Means of cells, and how two of them compare, draw by draw."""

from __future__ import annotations

import math
import statistics
from typing import NamedTuple

from simclrv2_tf.probing import intervals
from tools.benchmarks.findings.cells import Cell

EXAMPLES = 10_000  # of CIFAR-10's test set


class Mean(NamedTuple):
    """A mean with its 95 % interval, whose ends are None if there is none."""

    mean: float
    low: float | None
    high: float | None


def rows_by_cell(rows):
    """{`Cell`: {draw: top-1}} of a report's rows."""
    by_cell: dict[Cell, dict[int, float]] = {}
    for row in rows:
        by_cell.setdefault(row_cell(row), {})[row["draw"]] = row["top-1"]
    return by_cell


def row_cell(row):
    """The `Cell` of a row."""
    return Cell(**{name: row[name] for name in Cell._fields})


def accuracy(cell, draws):
    """Mean of a cell's draws.

    The interval is Student's t over the draws of labels; with all labels there
    is one draw, and it is Wilson's, of the luck of the test images.
    """
    shares = list(draws.values())
    if len(shares) > 1:
        return Mean(statistics.mean(shares), *intervals.student(shares))
    if cell.draws == 1:
        return Mean(shares[0], *intervals.wilson(shares[0], EXAMPLES))
    return Mean(shares[0], None, None)


def gain(over, under, wilson=False):
    """Relative gain of one cell's draws over the same ones of another.

    With `wilson` they are of all labels, one draw each, and the ends of the
    interval are those of the two accuracies at odds.
    """
    if wilson:
        ends = [intervals.wilson(draws[0], EXAMPLES) for draws in (over, under)]
        (low, high), (lowest, highest) = ends
        mean = over[0] / under[0] - 1
        return Mean(mean, low / highest - 1, high / lowest - 1)
    return mean_of([over[n] / under[n] - 1 for n in over.keys() & under.keys()])


def difference(over, under):
    """Points that one cell is above another in the same draws."""
    return mean_of([over[n] - under[n] for n in over.keys() & under.keys()])


def mean_of(numbers):
    """Mean of any numbers, with Student's t; None of no numbers."""
    if not numbers:
        return None
    mean = statistics.mean(numbers)
    if len(numbers) < 2:
        return Mean(mean, None, None)
    from scipy import stats

    error = statistics.stdev(numbers) / math.sqrt(len(numbers))
    width = float(stats.t.ppf(0.975, len(numbers) - 1) * error)
    return Mean(mean, mean - width, mean + width)


def summary(rows):
    """A dictionary for each cell, for the report."""
    return [
        {
            **cell._asdict(),
            "draws": len(draws),
            **{
                k: _round(v) for k, v in accuracy(cell, draws)._asdict().items()
            },
        }
        for cell, draws in rows_by_cell(rows).items()
    ]


def _round(value):
    return None if value is None else round(value, 4)
