"""Accuracy over latency, a panel for each data set."""

from __future__ import annotations

from simclrv2_tf.reports import canvas

FORMATS = (("litert", "top-1", "full"), ("litert_int8", "int8 top-1", "none"))


def draw(report):
    """Filled marks in float and hollow ones in int8, a line between them."""
    names = list(dict.fromkeys(row["data"] for row in report["rows"]))
    students = list(dict.fromkeys(row["student"] for row in report["rows"]))
    colours = dict(zip(students, canvas.colours(len(students)), strict=True))
    figure = canvas.new_figure(2.2 + 3.4 * len(names), 3.4, dark=False)
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for row in report["rows"]:
            if row["data"] == name:
                _student(axes, row, colours[row["student"]])
        _panel(axes, name, report["teachers"].get(name))
    canvas.legend(
        panels[-1], dark=False, loc="upper left", bbox_to_anchor=(1, 1)
    )
    return figure


def _student(axes, row, colour):
    # The median of a single network's requests doubles from run to run.
    times = [row["milliseconds"][form]["fastest"] for form, _, _ in FORMATS]
    right = [100 * row[key] for _, key, _ in FORMATS]
    axes.plot(times, right, "-", color=colour, linewidth=1)
    for x, y, (form, _, fill) in zip(times, right, FORMATS, strict=True):
        label = canvas.plain(row["student"], 40) if form == "litert" else None
        axes.plot(x, y, "o", color=colour, fillstyle=fill, label=label)


def _panel(axes, name, teacher):
    if teacher is not None:
        axes.axhline(
            100 * teacher, linestyle="--", color="grey", label="teacher"
        )
    axes.set_title(name)
    axes.set_xlim(left=0)
    axes.set_xlabel("fastest ms at batch 1 (hollow: int8)")
    axes.set_ylabel("top-1, %")
    canvas.style(axes, dark=False)
