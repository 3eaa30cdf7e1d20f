"""Curves: learning over steps, accuracy over labels, reliability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from simclrv2_tf.inference.evaluation.reliability import BINS
from simclrv2_tf.inference.evaluation.reliability import (
    curve as reliability_curve,
)
from simclrv2_tf.reports import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def learning(
    panels: Mapping[str, Series],
    resumed: Sequence[int] = (),
    columns: int = 2,
    dark: bool = False,
) -> Figure:
    """Numbers of a run over its steps, in panels.

    Args:
      panels: {title: {name: (steps, values)}}.
      resumed: Steps from which the run went on, drawn as dotted lines.
      columns: Panels beside each other.
      dark: Whether it is for a dark page.
    """
    columns = max(1, min(columns, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = canvas.new_figure(3.0 * columns, 2.1 * rows, dark)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, series) in zip(grid, panels.items(), strict=False):
        _panel(axes, title, series, resumed, dark)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure


def _panel(axes, title, series, resumed, dark):
    ink, colours = canvas.scheme_of(dark).ink, canvas.colours(10)
    for index, (name, (steps, values)) in enumerate(series.items()):
        few = "o" if len(steps) < 3 else ""
        axes.plot(
            steps,
            values,
            few + "-",
            markersize=3,
            color=colours[index % 10],
            label=canvas.plain(name),
        )
    for step in resumed:
        axes.axvline(step, linestyle=":", linewidth=1, color=ink)
    axes.set_xlabel("step")
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=5)
    canvas.style(axes, dark)
    axes.set_title(
        canvas.plain(title, 40), loc="left", fontsize=canvas.FONT, color=ink
    )
    if len(series) > 1:
        canvas.legend(axes, dark)


def label_efficiency(
    rows: Sequence[Mapping[str, Any]], dark: bool = False
) -> Figure:
    """Accuracy over the number of labels, a curve for each way to classify.

    Args:
      rows: Dictionaries of "network", "endpoint", "classifier", "labels" (a
        number), "mean", and "low" and "high", the 95 % interval, which may be
        None. `probe.json` holds such rows.
      dark: Whether it is for a dark page.
    """
    figure = canvas.new_figure(5.4, 3.6, dark)
    axes = figure.subplots()
    curves = _curves(rows)
    for colour, (name, points) in zip(
        canvas.colours(len(curves)), curves.items(), strict=True
    ):
        labels, mean, low, high = np.array(points, float).T
        axes.plot(labels, mean, "o-", markersize=3, color=colour, label=name)
        axes.fill_between(labels, low, high, color=colour, alpha=0.15, lw=0)
    axes.set_xscale("log")
    counts = sorted({float(row["labels"]) for row in rows})
    axes.set_xticks(counts, [f"{count:g}" for count in counts])
    axes.minorticks_off()
    axes.set_xlabel("labels")
    _percent(axes.yaxis)
    axes.set_ylabel("accuracy")
    canvas.style(axes, dark)
    canvas.legend(axes, dark, loc="best")
    return figure


def _curves(rows):
    """{name: [(labels, mean, low, high)]}; names say what differs."""
    keys = [
        key
        for key in ("network", "endpoint", "classifier")
        if len({row.get(key) for row in rows}) > 1
    ]
    curves: dict[str, list] = {}
    for row in sorted(rows, key=lambda row: float(row["labels"])):
        words = (str(row.get(key)) for key in keys or ["classifier"])
        mean, low, high = (row.get(key) for key in ("mean", "low", "high"))
        point = (
            row["labels"],
            mean,
            mean if low is None else low,
            mean if high is None else high,
        )
        name = ", ".join(canvas.plain(word) for word in words)
        curves.setdefault(name, []).append(point)
    return curves


def reliability(
    confidence: np.ndarray, right: np.ndarray, dark: bool = False
) -> Figure:
    """How often answers are right, over how sure the network is of them.

    Guo et al. 2017, figure 1.

    Args:
      confidence: float (examples,), the probability of the answer given.
      right: bool (examples,).
      dark: Whether it is for a dark page.

    Bars with few examples are pale.
    """
    scheme = canvas.scheme_of(dark)
    figure = canvas.new_figure(3.6, 3.4, dark)
    axes = figure.subplots()
    bins = reliability_curve(confidence, right)
    sure, share, count = (
        bins[name][bins["examples"] > 0]
        for name in ("confidence", "accuracy", "examples")
    )
    axes.plot([0, 1], [0, 1], ":", color=scheme.ink, linewidth=1)
    filled = 0.25 + 0.75 * count / count.max(initial=1)
    axes.bar(
        sure,
        share,
        width=0.8 / BINS,
        color=[(scheme.accent, alpha) for alpha in filled],
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    canvas.style(axes, dark)
    return figure


def _percent(axis):
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
