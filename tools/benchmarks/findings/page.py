"""docs/findings.md: the paper's sentences beside what was measured."""

from __future__ import annotations

import textwrap

from tools.benchmarks.findings import cells
from tools.benchmarks.findings import summary
from tools.benchmarks.findings import verdicts
from tools.benchmarks.findings.figures import count_name

TITLES = {
    1: "Bigger networks gain more from few labels",
    2: "The middle layer of a deeper head",
    3: "Distillation on unlabelled images",
    4: "The momentum memory",
}
# The paper's findings in our words; sections of arXiv 2006.10029.
PAPER = {
    1: "The fewer the labels, the more a bigger network gains over a "
    "smaller one, fine-tuned and under linear evaluation (section 3.2, figures "
    "1 and 4).",
    2: "A deeper projection head pretrains better features, and fine-tuning "
    "from its first layer is better than from the layer below it, the more so "
    "the fewer the labels (section 3.3, figure 5).",
    3: "A student that learns what a fine-tuned teacher says of unlabelled "
    "images is better than one of the labels alone, with the labels' loss "
    "(equation 3) or without it (equation 2), whether it is smaller than the "
    "teacher or as large (section 3.4, table 2, figure 6).",
    4: "A moving average of the network and a memory of its outputs bring "
    "about one point of linear evaluation where batches are large (section "
    "2.1 and appendix).",
}
ALTS = {
    1: "Accuracy over labels a class, and gain over the smallest width",
    2: "Accuracy over labels, a line for each head and layer",
    3: "Bars of students by loss, width and labels",
    4: "Bars with and without a memory, by batch",
}
NOT_RUN = "**Not run yet.**"
SOME = "What the finding is about has not all been run yet."
HEAD = """\
# The paper's findings, on CIFAR-10

    python tools/benchmark.py findings --data_dir=DATA --runs_dir=RUNS

This page is written by that command from what it has measured so far. What has
not been run says so; `--minutes=60` stops it after an hour, and the same
command goes on.

ResNet-18 at 32 pixels, pretrained without labels on all 50,000 training images
by `flags/cifar10_cpu.cfg`, every width for as many steps; labels of some images
of each class, three draws of them, the same for every network. Figures are
top-1 on the 10,000 test images, with 95 % intervals: Student's t over the draws
(of differences and gains, over those of the same draw), Wilson's where all
labels are used, as there is one draw of these (of gains, from its far ends).

What is chosen (learning rates, the weight of equation 3) is chosen on a tenth
of the training images, by runs on the other nine tenths with labels that no row
has; the strength of linear evaluation is cross-validated on the labels. The
test set is looked at once for each row. Nothing is chosen for pretraining: its
flags, and what they come to on these test images (`benchmarks/cifar10.json`),
were there before, and are the same for all rows. "Shows" means that the
interval is on the paper's side, "the other way round" that it is on the other
one.
"""


def text(report):
    """The page of a report; of None where nothing has been run."""
    report = report or {"rows": []}
    parts = [HEAD, *_circumstances(report)]
    sentences = verdicts.sentences(report)
    tables = _tables(summary.rows_by_cell(report["rows"]))
    if report.get("momentum"):
        tables[4] = []  # docs/momentum.md has it
    for number, title in TITLES.items():
        parts += [f"## {number}. {title}\n"]
        parts += [wrapped(f"The paper: {PAPER[number]}")]
        if number in tables:
            lines = sentences.get(number, [SOME])
            parts += _measured(number, lines, tables[number])
        else:
            parts += [_not_run(number)]
    return "\n".join(parts).rstrip() + "\n"


def _measured(number, lines, table):
    """Sentences, the picture, and the table."""
    picture = f"![{ALTS[number]}](../benchmarks/findings_{number}.png)\n"
    return [*(wrapped(f"- {line}", "  ") for line in lines), picture, *table]


def _not_run(number):
    if number == 4:
        command = "python tools/benchmark.py momentum --data_dir=DATA"
        return f"{NOT_RUN} `{command}` does it (docs/momentum.md).\n"
    return f"{NOT_RUN} `--only={number}` does this part alone.\n"


def _hardware(report):
    """Of all runs, the most used first, or of this moment."""
    runs = report.get("runs by hardware") or {}
    if len(runs) < 2:
        return next(iter(runs), report.get("hardware"))
    most_first = sorted(runs.items(), key=lambda item: -item[1])
    return "; ".join(f"{count} runs on {where}" for where, count in most_first)


def _circumstances(report):
    """Steps, hours and machine, where something has been run."""
    if not report["rows"]:
        return []
    scale = report.get("scale", 1)
    done, listed = len(report["rows"]), report["rows in all"]
    rows = f"All {listed}" if done == listed else f"So far {done} of {listed}"
    steps = f"steps are {scale:g} times the recipe's, " if scale != 1 else ""
    return [
        wrapped(
            f"{rows} rows, "
            f"{steps}{report['processor hours']:.1f} hours of processor time, "
            f"{_hardware(report)}."
        )
    ]


def wrapped(text, indent=""):
    """A paragraph in lines of at most 80 letters, and an empty line."""
    return textwrap.fill(text, 80, subsequent_indent=indent) + "\n"


def _tables(by_cell):
    """{number of a finding: lines of its table}."""
    few = sorted({c.labels for c in by_cell if c.way == cells.STUDENT})
    tables = {}
    for number in cells.FINDINGS:
        own = sorted(c for c in by_cell if cells.belongs(c, number, few))
        if number == 3 and not few:
            own = []
        if own:
            tables[number] = _table(own, by_cell)
    return tables


def _table(own, by_cell):
    counts = sorted({c.labels for c in own}, key=lambda n: n or float("inf"))
    heads = [f"{count_name(n)} labels" for n in counts]
    lines = dict.fromkeys(_line(cell) for cell in own)
    rows = [
        " | ".join([name, *(_figure(name, n, own, by_cell) for n in counts)])
        for name in lines
    ]
    top = f"| network | {' | '.join(heads)} |"
    return [
        top,
        "| --- |" + " --- |" * len(counts),
        *(f"| {row} |" for row in rows),
        "",
    ]


def _line(cell):
    """What a line of the table is of: a cell but for its labels."""
    if cell.way == cells.LINEAR:
        return f"width {cell.width:g}, linear"
    if cell.way == cells.FINE_TUNED:
        layer = f"layer {cell.layer} of a head of {cell.head}"
        return f"width {cell.width:g}, fine-tuned from {layer}"
    heat = f", temperature {cell.temperature:g}" if cell.temperature else ""
    return f"width {cell.width:g}, {cell.loss}{heat}"


def _figure(name, labels, own, by_cell):
    """Of one place in the table, empty if it has not been run."""
    for cell in own:
        if (_line(cell), cell.labels) == (name, labels):
            mean, low, high = summary.accuracy(cell, by_cell[cell])
            ends = (
                "" if low is None else f" ({100 * low:.1f} to {100 * high:.1f})"
            )
            return f"{100 * mean:.1f} %{ends}"
    return ""
