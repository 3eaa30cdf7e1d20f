"""What the list costs: hours of processor time, from measured steps."""

from __future__ import annotations

from tools.benchmarks.findings import cells
from tools.benchmarks.findings.jobs import Jobs

# Processor seconds of a pair of views in a training step in bfloat16, by width,
# on two cores with AVX-512: 0.94 s for 256 at width 0.25 is the mean of the run
# of benchmarks/cifar10.json. The others are not measured: 0.5 lies between that
# and twice the 2.49 s by the clock of benchmarks/step.json (width 1, 128), on a
# straight line of logarithms; 0.125 is thought to take 0.6 of width 0.25.
PAIR = {0.125: 0.56 / 256, 0.25: 0.94 / 256, 0.5: 3.1 / 256}
# One view with labels: 0.177 s for 128 where pairs took 0.607 for 256, in turn
# in one process (width 0.25) beside other work.
IMAGE = {width: 0.58 * seconds for width, seconds in PAIR.items()}
FORWARD = 1 / 3  # of a training step, what a teacher takes
# Processor seconds of a run beside its steps: 10 to 19 on the digits, and some
# for 10,000 test images.
START = 30.0
PROBE = 120.0  # of linear evaluation, on features of 60,000 images: a guess


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
        return {
            "top-1": 0.0,
            **{count: [0.0] * cells.DRAWS for count in counts},
        }


def seconds(flags):
    """Processor seconds of a run."""
    if flags["mode"] == "probe":
        return PROBE
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
        words = ", ".join(f"{value}" for value in cell)
        hours = sum(planned.hours.values())
        lines.append(f"{len(planned.hours):4}  {hours:5.1f}  {words}")
    return "\n".join(lines)
