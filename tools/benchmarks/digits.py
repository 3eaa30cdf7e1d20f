"""The whole job on the embedded digits, five draws of one label a class.

One pretraining; for each draw the network from scratch, fine-tuned, distilled
into the smaller one, and that smaller one from scratch.
"""

import argparse
import pathlib
import statistics
import tempfile

from tools import quickstart

DRAWS = 5


def run(arguments):
    options = parse_arguments(arguments)
    root = pathlib.Path(tempfile.mkdtemp(prefix="simclrv2_digits_"))
    shared = {**quickstart.SHARED, "seed": options.seed}
    quickstart.pretrain(root, shared)
    draws = []
    for draw in range(DRAWS):
        shared["label_seed"] = draw
        draws.append(quickstart.with_labels(root, root / str(draw), shared))
    return {"seed": options.seed, "draws": DRAWS, "networks": summary(draws)}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def summary(draws):
    """Per network the accuracy of each draw, and their mean."""
    table = {}
    for rows in zip(*draws, strict=True):
        accuracies = [row["top-1"] for row in rows]
        table[rows[0]["name"]] = {
            "top-1 of each draw": [round(value, 4) for value in accuracies],
            "mean top-1": round(statistics.mean(accuracies), 4),
            "parameters": rows[0]["parameters"],
        }
    return table


def show(report, folder):
    """Bars of the mean accuracies, a point for each draw."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5.5, 3.2), layout="constrained")
    for name, row in report["networks"].items():
        label = name.replace(", ", ",\n")
        axes.bar(label, 100 * row["mean top-1"], color="#7a9cc6")
        for value in row["top-1 of each draw"]:
            axes.plot(label, 100 * value, "k.", markersize=5)
    axes.set_ylabel("top-1 on 360 test digits, %")
    axes.set_title("One label a class, five draws")
    axes.set_ylim(0, 100)
    figure.savefig(folder / "digits.png", dpi=120)
