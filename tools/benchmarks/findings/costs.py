"""What the list costs: hours of processor time, from measured steps."""

from __future__ import annotations

from tools.benchmarks.findings import cells
from tools.benchmarks.findings.jobs import Jobs

# Processor seconds of an image in a training step, by width (bfloat16, two
# cores of an AMD EPYC with AVX-512): of its two views, and of one.
PAIR = {0.125: 0.0, 0.25: 0.0, 0.5: 0.0}
IMAGE = {0.125: 0.0, 0.25: 0.0, 0.5: 0.0}
FORWARD = 1 / 3  # of a training step, what a teacher takes
START = 60.0  # processor seconds of a run beside its steps, with evaluation


class Planned:
    """In place of `Runs`: does none, and adds up what they would take.

    Attributes:
      hours: {name: processor hours} of the runs in their order.
    """

    def __init__(self):
        self.hours = {}

    def result(self, name, flags, look, module=None):
        self.hours.setdefault(name, seconds(flags) / 3600)
        counts = flags.get("label_counts", "").split(",")
        return {"top-1": 0.0, **{count: [0.0] * cells.DRAWS for count in counts}}


def seconds(flags):
    """Processor seconds of a run."""
    if flags["mode"] == "probe":
        return START
    width, images = flags["width_multiplier"], _images(flags)
    if flags.get("train_mode") is None:  # the flagfile's: pretraining
        return START + images * PAIR[width]
    taught = FORWARD * IMAGE[cells.MIDDLE] if "teacher" in flags else 0.0
    return START + images * (IMAGE[width] + taught)


def _images(flags):
    return flags["train_steps"] * flags["train_batch_size"]


def table(listed, recipe):
    """The cells in their order, with the hours up to each."""
    planned = Planned()
    jobs = Jobs(planned, recipe)
    lines = ["runs  hours  way, width, labels, head, layer, loss, temperature"]
    for cell in listed:
        for draw in range(cell.draws):
            jobs.top_1(cell, draw)
        told = ", ".join(f"{value}" for value in cell)
        hours = sum(planned.hours.values())
        lines.append(f"{len(planned.hours):4}  {hours:5.1f}  {told}")
    return "\n".join(lines)
