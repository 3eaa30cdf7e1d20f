"""Is curation worth it? Chosen labels, planted mistakes, copies, outliers.

    python tools/benchmark.py curation --data=DATA \\
      --networks=digits=DIR,signs=DIR
    python tools/benchmark.py curation --datasets=digits --budget=00:05

A network is a run's directory, such as `pretrained` of a job; data sets without
one pretrain theirs in `--budget`. All of it is on features of length 128 or
so, which are made once.
"""

import argparse
import pathlib
import tempfile
from typing import Any
from typing import NamedTuple

import numpy as np

from simclrv2_tf.data.spread import spread
from tools.benchmarks.curation import labels
from tools.benchmarks.curation import planted
from tools.benchmarks.curation import scale
from tools.benchmarks.semi_supervised import sets
from tools.whole_numbers import at_least

MOST = 10_000  # images of a data set
PARTS = (
    "neighbours_right",
    "next_labels",
    "duplicates",
    "outliers",
    "wrong_labels",
)


class Data(NamedTuple):
    """A data set and what its network makes of it.

    Attributes:
      name: Of the data set.
      source: A `Source`, labelled.
      network: A `Network`.
      features: float32 (images, features).
    """

    name: str
    source: object
    network: object
    features: np.ndarray


def run(arguments):
    options = parse_arguments(arguments)
    networks = dict(
        pair.split("=", 1) for pair in options.networks.split(",") if pair
    )
    report: dict[str, Any] = {"draws": options.draws, "data": {}}
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        for name in options.datasets.split(","):
            data = opened(name, networks.get(name), options, folder)
            report["data"][name] = measured(data, options)
        if options.rows:
            report["scale"] = scale.run(options.rows, folder)
    return report


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, help=sets.HELD)
    parser.add_argument("--datasets", default="digits,signs,cifar10")
    parser.add_argument("--networks", default="", help="NAME=DIR,NAME=DIR")
    parser.add_argument("--budget", default="00:20")
    parser.add_argument("--draws", type=at_least(1), default=5)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rows", type=int, default=100_000, help="0: none")
    options = parser.parse_args(arguments)
    for name in options.datasets.split(","):
        sets.folder_of(name, options.data)
    if not set(options.parts.split(",")) <= set(PARTS):
        parser.error(
            f"--parts must be of {', '.join(PARTS)}. Received: {options.parts}"
        )
    return options


def opened(name, directory, options, folder):
    import simclrv2_tf
    from simclrv2_tf.data import sources

    flags = sets.data_flags(name, options.data, folder)
    dataset = flags.pop("dataset")
    if directory is None:
        directory = folder / name / "pretrained"
        simclrv2_tf.semi_supervised(
            dataset,
            directory.parent,
            labels_per_class=1,
            time_budget=options.budget,
            **flags,
        )
    flags.pop("eval_split", None)
    split = flags.pop("train_split", "train")
    source = sources.open_source(dataset, split, **flags)
    source = source.subset(spread(source.num_examples, MOST))
    network = simclrv2_tf.load_network(directory)
    return Data(name, source, network, planted.features_of(network, source))


def measured(data, options):
    truth = data.source.labels
    draws = options.draws
    parts = {
        "neighbours_right": lambda: labels.neighbours_right(
            data.features, truth
        ),
        "next_labels": lambda: labels.run(data.features, truth, draws),
        "wrong_labels": lambda: planted.wrong_labels(data, draws),
        "duplicates": lambda: planted.duplicates(data, draws),
        "outliers": lambda: planted.outliers(data, options.data, draws),
    }
    results = {"images": len(truth)}
    for name in options.parts.split(","):
        results[name] = parts[name]()
        print(data.name, name, results[name], flush=True)
    return results
