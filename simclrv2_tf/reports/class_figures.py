"""Figures of classes: the confusion matrix, and the accuracy of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclrv2_tf.probing.intervals import wilson
from simclrv2_tf.reports import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERED = 15  # classes up to which counts are written into the matrix
NAMED = 40  # classes up to which rows and columns have names
BARS = 30  # classes that are shown, the worst


def confusion(
    matrix: np.ndarray,
    class_names: Sequence[str] | None = None,
    dark: bool = False,
) -> Figure:
    """A confusion matrix: rows are labels, columns are answers.

    A row is coloured by its shares, so that rare classes are seen too.

    Args:
      matrix: int (classes, classes), counts.
      class_names: One for each class; None for their numbers.
      dark: Whether it is for a dark page.
    """
    matrix = np.asarray(matrix)
    names = canvas.names_of(class_names, len(matrix))
    side = float(np.clip(2.2 + 0.22 * len(matrix), 3.6, 7.5))
    figure = canvas.new_figure(side, side, dark)
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=_ramp(dark), vmin=0, vmax=1)
    _name_classes(axes, names)
    if len(matrix) <= NUMBERED:
        _write_counts(axes, matrix, shares, dark)
    axes.set(xlabel="answer", ylabel="label")
    canvas.style(axes, dark, grid=False)
    return figure


def _ramp(dark):
    """From the paper to the accent."""
    from matplotlib.colors import LinearSegmentedColormap

    scheme = canvas.scheme_of(dark)
    colours = [scheme.paper, scheme.accent]
    return LinearSegmentedColormap.from_list("shares", colours)


def _name_classes(axes, names):
    if len(names) > NAMED:
        axes.set(xticks=[], yticks=[])
        return
    shown = [canvas.plain(name) for name in names]
    places = range(len(names))
    long = max(map(len, shown)) > 2
    axes.set_xticks(places, shown, rotation=90 if long else 0)
    axes.set_yticks(places, shown)


def _write_counts(axes, matrix, shares, dark):
    ink = canvas.scheme_of(dark).ink
    for row, column in zip(*np.nonzero(matrix), strict=True):
        strong = shares[row, column] > 0.55
        axes.text(
            column,
            row,
            f"{matrix[row, column]}",
            ha="center",
            va="center",
            fontsize=canvas.FONT - 2,
            color="#ffffff" if strong else ink,
        )


def class_accuracy(
    right: Sequence[float],
    counts: Sequence[int],
    class_names: Sequence[str] | None = None,
    dark: bool = False,
) -> Figure:
    """Bars of the accuracy of each class, the worst first, with 95 %.

    Of more than 30 classes the worst are shown, which the title says.

    Args:
      right: Right answers of each class.
      counts: Examples of each class; those without are left out.
      class_names: One for each class; None for their numbers.
      dark: Whether it is for a dark page.
    """
    totals = np.asarray(counts)
    order, share = _worst(right, totals)
    names = canvas.names_of(class_names, len(counts))
    shown = [f"{canvas.plain(names[i])} ({totals[i]})" for i in order]
    figure = canvas.new_figure(4.2, 0.8 + 0.21 * max(len(order), 2), dark)
    axes = figure.subplots()
    _draw_bars(axes, share[order], totals[order], canvas.scheme_of(dark))
    axes.set_yticks(np.arange(len(order)), shown)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="accuracy")
    if len(order) < np.count_nonzero(totals):
        axes.set_title(which_are_shown(totals))
    axes.set_xticks(
        [0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"]
    )
    canvas.style(axes, dark)
    axes.grid(False, axis="y")
    return figure


def _worst(right, counts):
    """Places of the classes that are shown, the worst first, and all shares."""
    share = np.zeros(len(counts))
    np.divide(right, counts, out=share, where=counts > 0)
    order = np.argsort(share, kind="stable")
    return order[counts[order] > 0][:BARS], share


def _draw_bars(axes, shares, counts, scheme):
    """A bar for each share, from the top, and its 95 % interval."""
    pairs = zip(shares, counts, strict=True)
    ends = np.array([wilson(share, int(count)) for share, count in pairs])
    places = np.arange(len(shares))
    axes.barh(places, shares, color=scheme.accent, height=0.7)
    axes.errorbar(
        shares,
        places,
        xerr=np.abs(ends.reshape(-1, 2).T - shares),
        fmt="none",
        ecolor=scheme.ink,
        elinewidth=1,
    )


def which_are_shown(counts: Sequence[int] | np.ndarray) -> str:
    """Which classes `class_accuracy` shows, in words.

    Args:
      counts: Examples of each class.
    """
    number = np.count_nonzero(counts)
    return f"the {BARS} worst of {number:,}" if number > BARS else "each class"
