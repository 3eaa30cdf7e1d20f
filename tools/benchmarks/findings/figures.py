"""A figure for each finding, of the rows of a report."""

from __future__ import annotations

import math
from typing import Any

from simclrv2_tf import reports
from simclrv2_tf.reports import canvas
from tools.benchmarks.findings import cells
from tools.benchmarks.findings import summary

CLASSES, ALL_LABELS = 10, 5000  # of CIFAR-10, labels of a class


def draw(report):
    """{number of a finding: figure} of those that there are rows for."""
    by_cell = summary.rows_by_cell(report["rows"])
    figures = {
        1: bigger_networks(by_cell),
        2: middle_layer(by_cell),
        3: distillation(by_cell),
        4: momentum_memory(report.get("momentum")),
    }
    return {number: figure for number, figure in figures.items() if figure}


def bigger_networks(by_cell):
    """Accuracy over labels, and gain over the smallest network by width."""
    part = {c: d for c, d in by_cell.items() if cells.belongs(c, 1)}
    if not part:
        return None
    figure = canvas.new_figure(8.6, 3.4, dark=False)
    left, right = figure.subplots(1, 2)
    _accuracies(left, part)
    _gains(right, part)
    for axes in (left, right):
        canvas.style(axes, dark=False)
        canvas.legend(axes, dark=False)
    return figure


def _accuracies(axes, part):
    """A line for each width and way; linear ones are dashed."""
    colours = dict(zip(cells.WIDTHS, canvas.colours(3), strict=True))
    for way, line in ((cells.FINE_TUNED, "o-"), (cells.LINEAR, "s--")):
        for width in cells.WIDTHS:
            own = [c for c in part if (c.way, c.width) == (way, width)]
            points = {_labels(c): summary.accuracy(c, part[c]) for c in own}
            _line(axes, points, line, f"{width:g}, {way}", colours[width])
    _label_axis(axes, part)
    axes.set_ylabel("top-1, %")


def _gains(axes, part):
    """Relative gain over the smallest width, a line for each count."""
    counts = sorted({_labels(cell) for cell in part})
    for colour, count in zip(canvas.colours(len(counts)), counts, strict=True):
        for way, line in ((cells.FINE_TUNED, "o-"), (cells.LINEAR, "s--")):
            own = {
                c.width: draws
                for c, draws in part.items()
                if c.way == way and _labels(c) == count
            }
            points = gains_of(own, count == ALL_LABELS)
            _line(axes, points, line, f"{count_name(count)}, {way}", colour)
    axes.set_xscale("log")
    axes.set_xticks(cells.WIDTHS, [f"{width:g}" for width in cells.WIDTHS])
    axes.minorticks_off()
    axes.set_xlabel("width")
    axes.set_ylabel(f"gain over width {cells.SMALL:g}, %")


def gains_of(by_width, wilson):
    """{width: relative gain} of draws by width, {} without the smallest."""
    smallest = by_width.get(cells.SMALL)
    if smallest is None or len(by_width) < 2:
        return {}
    return {
        width: summary.gain(draws, smallest, wilson)
        for width, draws in by_width.items()
        if width != cells.SMALL
    }


def middle_layer(by_cell):
    """Accuracy over labels, a line for each layer of each head."""
    rows = [
        {
            "network": f"head of {cell.head}",
            "endpoint": f"from layer {cell.layer}",
            "classifier": cells.FINE_TUNED,
            "labels": CLASSES * _labels(cell),
            **summary.accuracy(cell, draws)._asdict(),
        }
        for cell, draws in by_cell.items()
        if cells.belongs(cell, 2)
    ]
    return reports.label_efficiency(rows, xlabel="labels") if rows else None


def distillation(by_cell):
    """Bars of the students, a group for each width and count of labels."""
    part = {c: d for c, d in by_cell.items() if c.way == cells.STUDENT}
    if not part:
        return None
    groups = sorted({(c.width, c.labels) for c in part})
    kinds = sorted({(c.loss, c.temperature) for c in part}, key=_order)
    figure = canvas.new_figure(7.6, 3.4, dark=False)
    axes = figure.subplots()
    for place, kind in enumerate(kinds):
        _bars(axes, part, groups, kind, place, 0.8 / len(kinds))
    _teachers(axes, by_cell, groups)
    names = [f"width {w:g}\n{count_name(n)} labels" for w, n in groups]
    axes.set_xticks([g + 0.4 for g in range(len(groups))], names)
    axes.set_ylabel("top-1, %")
    canvas.style(axes, dark=False)
    canvas.legend(axes, dark=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _order(kind):
    loss, temperature = kind
    return cells.LOSSES.index(loss), temperature


def _bars(axes, part, groups, kind, place, width):
    """Those of one loss and temperature."""
    name = kind[0] + (f", temperature {kind[1]:g}" if kind[1] else "")
    at, means = [], []
    for group, (network, labels) in enumerate(groups):
        cell = cells.student(network, labels, *kind)
        if cell in part:
            at.append(group + (place + 0.5) * width)
            means.append(summary.accuracy(cell, part[cell]))
    heights = [100 * mean.mean for mean in means]
    spread = _spread(means)
    colour = canvas.colours(10)[place]
    axes.bar(at, heights, 0.9 * width, yerr=spread, label=name, color=colour)


def _teachers(axes, by_cell, groups):
    """A line across each group whose teacher is known."""
    label: str | None = "teacher"
    for group, (_, labels) in enumerate(groups):
        cell = cells.teacher(labels)
        if cell in by_cell:
            height = 100 * summary.accuracy(cell, by_cell[cell]).mean
            ends = [group, group + 0.8]
            axes.plot(ends, [height] * 2, "k--", linewidth=1, label=label)
            label = None


def momentum_memory(rows):
    """Bars of logistic regression with and without a memory, by batch."""
    if not rows:
        return None
    groups = memory_groups(rows)
    batches = sorted({batch for batch, _ in groups})
    kinds = list(dict.fromkeys(kind for _, kind in groups))
    figure = canvas.new_figure(5.4, 3.2, dark=False)
    axes = figure.subplots()
    for place, kind in enumerate(kinds):
        own = [b for b in batches if (b, kind) in groups]
        means = [summary.mean_of(groups[b, kind]) for b in own]
        at = [batches.index(b) + 0.27 * place for b in own]
        heights = [100 * mean.mean for mean in means]
        axes.bar(at, heights, 0.25, yerr=_spread(means), label=kind)
    ticks = [n + 0.27 for n in range(len(batches))]
    axes.set_xticks(ticks, [f"batch {batch}" for batch in batches])
    axes.set_ylabel("logistic regression, %")
    canvas.style(axes, dark=False)
    canvas.legend(axes, dark=False)
    return figure


def memory_groups(rows):
    """{(batch, kind): accuracies of the seeds} of the momentum benchmark.

    With a memory they are those of the averaged network.
    """
    groups: dict[tuple[int, str], list[Any]] = {}
    for row in rows:
        kind = f"memory, equal {row['equal']}" if "equal" in row else "without"
        judged = row.get("averaged", row["trained"])
        groups.setdefault((row["batch"], kind), []).append(
            judged["logistic regression"]
        )
    return groups


def count_name(count):
    """Labels of a class in words."""
    return "all" if count in (cells.ALL, ALL_LABELS) else f"{count:g}"


def _labels(cell):
    return cell.labels or ALL_LABELS


def _label_axis(axes, part):
    counts = sorted({_labels(cell) for cell in part})
    axes.set_xscale("log")
    axes.set_xticks(counts, [count_name(count) for count in counts])
    axes.minorticks_off()
    axes.set_xlabel("labels of each class")


def _line(axes, points, line, name, colour):
    """A line through {x: `Mean`}, with intervals; nothing of none."""
    points = {x: mean for x, mean in points.items() if mean}
    if not points:
        return
    xs = sorted(points)
    means = [points[x] for x in xs]
    axes.errorbar(
        xs,
        [100 * mean.mean for mean in means],
        yerr=_spread(means),
        fmt=line,
        markersize=3,
        linewidth=1.2,
        capsize=2,
        color=colour,
        label=name,
    )


def _spread(means):
    """Lengths of the intervals below and above, 0 where there is none."""
    below = [_or_none(m.mean, m.low) for m in means]
    above = [_or_none(m.high, m.mean) for m in means]
    return [below, above]


def _or_none(high, low):
    if None in (high, low):
        return 0.0
    length = 100 * (high - low)
    return length if math.isfinite(length) else 0.0
