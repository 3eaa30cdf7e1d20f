"""Curves of accuracy over the number of labels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from simclrv2_tf.reports import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WITHIN = 6  # curves whose names find room among them
_KEYS = ("network", "endpoint", "classifier")


def label_efficiency(
    rows: Sequence[Mapping[str, Any]],
    dark: bool = False,
    xlabel: str = "labels a class",
) -> Figure:
    """Accuracy over the number of labels, a curve for each way to classify.

    Args:
      rows: Dictionaries of "network", "endpoint", "classifier", "labels" (a
        number), "mean", and "low" and "high", the 95 % interval, which may be
        None. "curve" of `probe.json` is a list of such rows.
      dark: Whether it is for a dark page.
      xlabel: What "labels" counts, in words; in `probe.json` those a class.
    """
    curves = _curves(rows)
    more = max(0, len(curves) - _WITHIN)
    figure = canvas.new_figure(5.4, 3.6 + 0.2 * more, dark)
    axes = figure.subplots()
    for colour, (name, points) in zip(
        canvas.colours(len(curves)), curves.items(), strict=True
    ):
        labels, mean, low, high = np.array(points, float).T
        axes.plot(labels, mean, "o-", markersize=3, color=colour, label=name)
        axes.fill_between(labels, low, high, color=colour, alpha=0.15, lw=0)
    _label(axes, {float(row["labels"]) for row in rows}, xlabel)
    canvas.style(axes, dark)
    canvas.legend(axes, dark, **_place(len(curves)))
    return figure


def of_few_neighbours(rows: Sequence[Mapping[str, Any]]) -> list[Mapping]:
    """The rows of `probe.json` with one setting of the neighbours' vote.

    That which was tried with the most counts of labels, the first of them:
    all settings of all networks are more curves than a figure holds.

    Args:
      rows: "curve" of `probe.json`.
    """
    votes = [r["classifier"] for r in rows if r.get("family") == "knn"]
    kept = max(dict.fromkeys(votes), key=votes.count, default=None)
    return [
        row
        for row in rows
        if row.get("family") != "knn" or row["classifier"] == kept
    ]


def _label(axes, labels, xlabel):
    """Names the axes, and each number of labels."""
    counts = sorted(labels)
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:g}" for count in counts])
    axes.minorticks_off()
    axes.set_xlabel(xlabel)
    canvas.percent(axes.yaxis, decimals=None)
    axes.set_ylabel("accuracy")


def _place(curves):
    """Of the legend: below the axes where many curves leave it no room."""
    if curves <= _WITHIN:
        return {"loc": "best"}
    return {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": 2}


def _curves(rows):
    """{name: [(labels, mean, low, high)]}; names say what differs."""
    places = _short([row.get("network") for row in rows])
    differ = [key for key in _KEYS if len({row.get(key) for row in rows}) > 1]
    curves: dict[str, list] = {}
    for row in sorted(rows, key=lambda row: float(row["labels"])):
        words = {**row, "network": places[row.get("network")]}
        name = ", ".join(str(words.get(k)) for k in differ or ["classifier"])
        curves.setdefault(name, []).append(_point(row))
    return {canvas.plain(name, len(name)): p for name, p in curves.items()}


def _point(row):
    mean = row["mean"]
    low, high = (row.get(key) for key in ("low", "high"))
    return (
        row["labels"],
        mean,
        mean if low is None else low,
        mean if high is None else high,
    )


def _short(networks):
    """{network: what it is called}: as many folders as tell them apart."""
    parts = {n: tuple(str(n).split(os.sep)) for n in dict.fromkeys(networks)}
    deepest = max(map(len, parts.values()))
    for count in range(1, deepest + 1):
        names = {name: os.sep.join(p[-count:]) for name, p in parts.items()}
        if len(set(names.values())) == len(names):
            break
    return names
