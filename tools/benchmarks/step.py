"""Seconds a step of the command against the bare train step, peak memory.

Each case is a process of its own. In it two things run in turn, so that both
see the same machine: the compiled step on one batch in memory (bare), and
`fit` on the input pipeline (fit), which is what the command runs. Of `fit` the
steps behind the first are timed: a run of hundreds starts its input once.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

from tools import own_process
from tools.peak_memory import peak_bytes

# name -> config of the step that is measured, and steps to measure.
CASES: dict[str, tuple[dict[str, Any], int]] = {
    "ResNet-18, 32 px": (
        {"resnet_depth": 18, "image_size": 32, "train_batch_size": 128},
        6,
    ),
    "ResNet-18, 32 px, bfloat16": (
        {
            "resnet_depth": 18,
            "image_size": 32,
            "train_batch_size": 128,
            "mixed_precision": "bfloat16",
        },
        6,
    ),
    "ResNet-50, 224 px": (
        {"resnet_depth": 50, "image_size": 224, "train_batch_size": 16},
        4,
    ),
}
ROUNDS = 3
IMAGES = 512


def run(arguments):
    options = parse_arguments(arguments)
    return {
        "what": "seconds a step, the fastest of each three rounds",
        "load_before": os.getloadavg()[0],
        "cases": {name: in_a_process(name, options.data_dir) for name in CASES},
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--data_dir", help="TFDS data with cifar10; unset: noise as JPEG"
    )
    return parser.parse_args(arguments)


def in_a_process(name, data_dir):
    print(name, flush=True)
    return own_process.last_json("tools.benchmarks.step", name, data_dir or "")


def measure(name, data_dir):
    """Times a case in this process."""
    from simclrv2_tf.config import Config
    from simclrv2_tf.data import pipeline
    from simclrv2_tf.runs.hardware import precision

    options, steps = CASES[name]
    config = Config(**options, warmup_epochs=0, color_jitter_strength=0.5)
    source = open_images(config, data_dir)
    with precision.policy(config.mixed_precision):
        stage = make_stage(config, source)
    dataset = pipeline.train_dataset(
        source, config.train_batch_size, config.image_size, seed=0
    )
    times = time_in_turn(stage, dataset, steps)
    best = {kind: min(values) for kind, values in times.items()}
    return {
        "images": source.name,
        "batch": config.train_batch_size,
        "bare": round(best["bare"], 4),
        "fit": round(best["fit"], 4),
        "speed of fit as a share of bare": round(best["bare"] / best["fit"], 4),
        "peak memory, GiB": round(peak_bytes() / 2**30, 3),
    }


def make_stage(config, source):
    from simclrv2_tf.runs import build
    from simclrv2_tf.runs.plan import make_plan

    plan = make_plan(config, source.num_examples)
    stage = build.make_stage(config, build.fresh_network(config, 10))
    stage.compile(optimizer=build.make_optimizer(config, plan, stage.network))
    return stage


def time_in_turn(stage, dataset, steps):
    """Seconds a step of every round, by kind."""
    import tensorflow as tf

    batch = next(iter(dataset))
    step = tf.function(stage.train_step)

    def bare():
        start = time.perf_counter()
        for _ in range(steps):
            logs = step(batch)
        float(logs["train/total_loss"])
        return (time.perf_counter() - start) / steps

    kinds = {"bare": bare, "fit": lambda: time_fit(stage, dataset, steps)}
    for kind in kinds.values():  # compiles
        kind()
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for name, kind in kinds.items():
            times[name].append(kind())
    return times


def time_fit(stage, dataset, steps):
    """Seconds a step of `fit`, of those behind its first."""
    import keras

    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_, **__: ends.append(time.perf_counter())
    )
    stage.fit(
        dataset,
        epochs=1,
        steps_per_epoch=steps + 1,
        shuffle=False,
        verbose=0,
        callbacks=[clock],
    )
    return (ends[-1] - ends[0]) / steps


def open_images(config, data_dir):
    """CIFAR-10 where it is there, else noise as JPEG in memory."""
    from simclrv2_tf.data import sources

    if data_dir and config.image_size <= 32:
        return sources.open_source("cifar10", "train", data_dir)
    return noise(32 if config.image_size <= 32 else 400)


def noise(side):
    import numpy as np
    import tensorflow as tf

    from simclrv2_tf.data.source import Source
    from simclrv2_tf.data.storage import Encoded

    pixels = tf.random.stateless_uniform(
        [IMAGES, side, side, 3], [0, 0], 0, 255, tf.int32
    )
    encoded = [
        tf.io.encode_jpeg(tf.cast(image, tf.uint8)).numpy() for image in pixels
    ]
    return Source(
        f"noise of {side} pixels",
        np.arange(IMAGES, dtype=np.int32) % 10,
        Encoded(np.array(encoded, object)),
        tuple(map(str, range(10))),
    )


if __name__ == "__main__":  # one case, in a process of its own
    print(json.dumps(measure(*sys.argv[1:])))
