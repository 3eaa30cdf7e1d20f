"""What the rows say of each finding, in sentences, with the interval."""

from __future__ import annotations

from tools.benchmarks.findings import cells
from tools.benchmarks.findings import figures
from tools.benchmarks.findings import summary

SHOWS = "The finding shows."
NOT_HERE = "The finding does not show at this scale: it is the other way round."
NOTHING = summary.Mean(0.0, 0.0, 0.0)
_EQUATION = {cells.EQ_2: "equation 2", cells.EQ_3: "equation 3"}
OPEN = "The draws do not settle it at this scale."


def sentences(report):
    """{number of a finding: sentences}, none for what has not been run."""
    by_cell = summary.rows_by_cell(report["rows"])
    by_finding = {
        1: [
            *_of_width(by_cell, cells.FINE_TUNED),
            *_of_width(by_cell, cells.LINEAR),
        ],
        2: _of_layers(by_cell),
        3: _of_students(by_cell),
        4: _of_memory(report.get("momentum") or []),
    }
    return {number: lines for number, lines in by_finding.items() if lines}


def verdict(mean, other=NOTHING):
    """One of three sentences, by a `Mean` that should be above another."""
    if None in (*mean, *other):
        return OPEN
    if mean.low > other.high:
        return SHOWS
    return NOT_HERE if mean.high < other.low else OPEN


def _of_width(by_cell, way):
    """The widest measured against the smallest: few labels against all."""
    own = {c: d for c, d in by_cell.items() if c.way == way}
    own = {c: d for c, d in own.items() if cells.belongs(c, 1)}
    wide = max((c.width for c in own), default=cells.SMALL)
    pairs = {
        cell.labels: (draws, own.get(cell._replace(width=cells.SMALL)))
        for cell, draws in own.items()
        if cell.width == wide and wide > cells.SMALL
    }
    gains = {
        labels: summary.gain(*pair, wilson=labels == cells.ALL)
        for labels, pair in pairs.items()
        if pair[1]
    }
    few = min((n for n in gains if n), default=None)
    if few is None or cells.ALL not in gains:
        return []
    return [
        f"{way.capitalize()}, width {wide:g} gains {_percent(gains[few])} over "
        f"width {cells.SMALL:g} with {few} labels a class, and "
        f"{_percent(gains[cells.ALL])} with all. "
        f"{verdict(gains[few], gains[cells.ALL])}"
    ]


def _of_layers(by_cell):
    """The first layer against the features, and one head against the other."""
    own = {c: d for c, d in by_cell.items() if cells.belongs(c, 2)}
    few = min((c.labels for c in own if c.labels), default=None)
    first = cells.fine_tuned(cells.MIDDLE, few)
    others = {
        "its layer 0": first._replace(layer=0),
        "layer 1 of a head of 2 layers": first._replace(head=cells.OTHER_HEAD),
    }
    return [
        f"With {few} labels a class, layer 1 of the head of 3 layers is "
        f"{_compared(summary.difference(own[first], own[other]))} {name}. "
        f"{verdict(summary.difference(own[first], own[other]))}"
        for name, other in others.items()
        if first in own and other in own
    ]


def _of_students(by_cell):
    """Distillation against the labels alone, and against the teacher."""
    lines = []
    for cell, draws in by_cell.items():
        if cell.loss not in (cells.EQ_2, cells.EQ_3):
            continue
        alone = cells.student(cell.width, cell.labels, cells.ALONE)
        others = {"the labels alone": alone}
        if cell.width == cells.MIDDLE and cell.loss == cells.EQ_2:
            others["its teacher"] = cells.teacher(cell.labels)
        lines += [
            f"Width {cell.width:g}, {cell.labels} labels a class, temperature "
            f"{cell.temperature:g}: {_EQUATION[cell.loss]} is "
            f"{_compared(summary.difference(draws, by_cell[other]))} {name}. "
            f"{verdict(summary.difference(draws, by_cell[other]))}"
            for name, other in others.items()
            if other in by_cell
        ]
    return lines


def _of_memory(rows):
    """The averaged network with a memory against the same steps without."""
    groups = figures.memory_groups(rows)
    lines = []
    for batch in sorted({batch for batch, _ in groups}):
        under = groups.get((batch, "without"))
        over = groups.get((batch, "memory, equal steps"))
        if not under or not over or len(under) != len(over):
            continue
        gap = [a - b for a, b in zip(over, under, strict=True)]
        mean = summary.mean_of(gap)
        lines.append(
            f"In batches of {batch}, a memory brings {_points(mean)} in as "
            f"many steps. {verdict(mean)}"
        )
    return lines


def _percent(mean):
    return _with_interval(mean, " %")


def _points(mean):
    return _with_interval(mean, " points")


def _compared(mean):
    """So many points above, or below."""
    if mean.mean >= 0:
        return f"{_points(mean)} above"
    ends = [None if end is None else -end for end in (mean.high, mean.low)]
    return f"{_points(summary.Mean(-mean.mean, *ends))} below"


def _with_interval(mean, unit):
    words = f"{100 * mean.mean:.1f}{unit}"
    if mean.low is None:
        return words
    return f"{words} ({100 * mean.low:.1f} to {100 * mean.high:.1f})"
