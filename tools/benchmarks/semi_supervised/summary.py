"""Means over draws, and a picture of them."""

import statistics
from typing import Any

SMALL, SCRATCH = "small, distilled", "small, from scratch"
PIXELS = "nearest neighbours on raw pixels"
NAMES = {
    "cifar10": "CIFAR-10",
    "signs": "hands",
    "photos": "photos\nin groups",
}


def means(cells):
    """Means over draws, and what was asked of them.

    Time and memory are the first draw's: the others take its pretraining.
    """
    groups: dict[tuple[str, int], list[Any]] = {}
    for cell in sorted(cells, key=lambda cell: cell["draw"]):
        groups.setdefault((cell["data"], cell["labels"]), []).append(cell)
    return [
        {
            "data": name,
            "labels": labels,
            **{row: mean(drawn, row) for row in drawn[0]["top-1"]},
            "above scratch": gain(drawn, SCRATCH),
            "exported, above scratch": gain_of_exported(drawn),
            "above raw pixels": gain(drawn, PIXELS),
            "seconds to planned": ratio(drawn[0], "seconds"),
            "GB to planned": ratio(drawn[0], "GB"),
        }
        for (name, labels), drawn in groups.items()
    ]


def ratio(cell, kind):
    """What a job came to, of what was planned; None where that is not known."""
    planned, measured = cell.get(f"planned {kind}"), cell.get(kind)
    return round(measured / planned, 2) if planned and measured else None


def mean(cells, row):
    """The mean over draws, None where one of them has not the row."""
    values = [cell["top-1"].get(row) for cell in cells]
    if None in values:
        return None
    return round(statistics.mean(values), 4)


def gain(cells, row):
    """Points by which the small network is above a row, None if unmeasured."""
    ours, theirs = mean(cells, SMALL), mean(cells, row)
    return None if None in (ours, theirs) else round(ours - theirs, 4)


def gain_of_exported(cells):
    """Points by which what is exported is above the network from scratch."""
    if gain(cells, SCRATCH) is None:
        return None
    of_all = [
        0.0
        if cell.get("exported") == "scratch"
        else cell["top-1"][SMALL] - cell["top-1"][SCRATCH]
        for cell in cells
    ]
    return round(statistics.mean(of_all), 4)


def height(share):
    """A bar's, in percent; none for what was not measured, or is not there."""
    return float("nan") if share is None else 100 * share


def show(report, folder):
    """Bars of the small network beside what is cheap, for each cell."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = (SMALL, SCRATCH, PIXELS)
    cells = sorted(report["summary"], key=lambda c: (c["data"], c["labels"]))
    size = (max(8, len(cells)), 3.5)  # inches, an inch for the name of a cell
    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    for place, row in enumerate(rows):
        heights = [height(cell.get(row)) for cell in cells]
        at = [index + 0.27 * (place - 1) for index in range(len(heights))]
        axes.bar(at, heights, 0.25, label=row)
    names = [f"{NAMES.get(c['data'], c['data'])}\n{c['labels']}" for c in cells]
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("top-1, %")
    axes.set_xlabel("labels a class")
    figure.legend(loc="outside upper center", ncols=len(rows), frameon=False)
    figure.savefig(folder / "semi_supervised.png", dpi=120)
