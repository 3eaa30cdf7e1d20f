"""Curves: learning over steps, accuracy over labels, reliability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclrv2_tf.inference.evaluation.reliability import BINS
from simclrv2_tf.inference.evaluation.reliability import curve
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
    bins = curve(confidence, right)
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
    canvas.percent(axes.xaxis)
    canvas.percent(axes.yaxis)
    canvas.style(axes, dark)
    return figure
