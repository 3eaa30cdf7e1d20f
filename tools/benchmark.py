"""Measurements that decide between designs; results go to benchmarks/.

python tools/benchmark.py digits    accuracy of the whole job, five label draws
python tools/benchmark.py step      the command against the bare train step
"""

import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import sys
import tempfile
import time

import keras
import numpy as np
import quickstart
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.stages import build
from simclrv2_tf.stages.plan import make_plan

OUT = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
DRAWS = 5


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=sorted(BENCHMARKS))
    options = parser.parse_args()
    result = {
        "command": f"python tools/benchmark.py {options.what}",
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "simclrv2_tf": simclrv2_tf.__version__,
        },
        "hardware": f"{platform.machine()}, {count_cores()} cores",
        **BENCHMARKS[options.what](),
    }
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{options.what}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    print(f"written to {path}", file=sys.stderr)


def count_cores():
    return os.cpu_count()


def digits():
    """One pretraining, five draws of one label a class, seed 0."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="simclrv2_digits_"))
    shared = {**quickstart.SHARED, "seed": 0}
    quickstart.pretrain(root, shared)
    rows = []
    for draw in range(DRAWS):
        shared["label_seed"] = draw
        rows.append(quickstart.with_labels(root, root / str(draw), shared)[:3])
    table = {
        row["name"]: {
            "top-1 of each draw": [r[i]["top-1"] for r in rows],
            "mean top-1": statistics.mean(r[i]["top-1"] for r in rows),
            "parameters": row["parameters"],
        }
        for i, row in enumerate(rows[0])
    }
    draw_figure(table)
    return {"seed": 0, "draws": DRAWS, "networks": table}


def draw_figure(table):
    """Bars of the mean accuracies, a point for each draw."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 3.2), layout="constrained")
    for name, row in table.items():
        axes.bar(name, 100 * row["mean top-1"], color="#7a9cc6")
        for value in row["top-1 of each draw"]:
            axes.plot(name, 100 * value, "k.", markersize=5)
    axes.set_ylabel("top-1 on 360 test digits, %")
    axes.set_title("One label a class, five draws")
    axes.set_ylim(0, 100)
    OUT.mkdir(exist_ok=True)
    figure.savefig(OUT / "digits.png", dpi=120)


# name -> config of the step that is measured, and steps to measure.
STEPS = {
    "ResNet-18, 32 px": (
        {"resnet_depth": 18, "image_size": 32, "train_batch_size": 128},
        8,
    ),
    "ResNet-50, 224 px": (
        {"resnet_depth": 50, "image_size": 224, "train_batch_size": 16},
        4,
    ),
}


def step():
    """`fit` on the pipeline against the compiled step on data in memory."""
    return {name: _step(*values) for name, values in STEPS.items()}


def _step(options, steps):
    config = Config(**options, warmup_epochs=0, color_jitter_strength=0.5)
    source = _noise(config)
    plan = make_plan(config, source.num_examples)
    stage = build.make_stage(config, build.fresh_network(config, 10))
    stage.compile(optimizer=build.make_optimizer(config, plan, stage.network))
    dataset = pipeline.train_dataset(
        source, config.train_batch_size, config.image_size, seed=0
    )
    batch = next(iter(dataset))
    bare = tf.function(stage.train_step)
    bare(batch)
    stage.fit(dataset, epochs=1, steps_per_epoch=1, shuffle=False, verbose=0)
    times = {"bare": [], "fit": []}
    for _ in range(3):  # in turn, so that both see the same machine
        start = time.perf_counter()
        for _ in range(steps):
            logs = bare(batch)
        float(logs["train/total_loss"])
        times["bare"].append((time.perf_counter() - start) / steps)
        start = time.perf_counter()
        stage.fit(
            dataset, epochs=1, steps_per_epoch=steps, shuffle=False, verbose=0
        )
        times["fit"].append((time.perf_counter() - start) / steps)
    best = {name: min(values) for name, values in times.items()}
    return {
        "batch": config.train_batch_size,
        "seconds a step, bare": best["bare"],
        "seconds a step, fit": best["fit"],
        "speed of fit as a share of bare": best["bare"] / best["fit"],
        "peak memory, GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        / 2**20,
    }


def _noise(config):
    """JPEG images in memory, as a data set of records gives them."""
    size = 32 if config.image_size <= 32 else 400
    pixels = tf.random.stateless_uniform(
        [256, size, size, 3], [0, 0], 0, 255, tf.int32
    )
    encoded = [
        tf.io.encode_jpeg(tf.cast(image, tf.uint8)).numpy() for image in pixels
    ]
    return Source(
        "noise",
        np.arange(256, dtype=np.int32) % 10,
        tuple(map(str, range(10))),
        encoded=np.array(encoded, object),
    )


BENCHMARKS = {"digits": digits, "step": step}


if __name__ == "__main__":
    main()
