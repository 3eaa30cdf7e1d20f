"""What a second form of an operation saves in a whole training step.

Two steps of one stage, alike but for the form of the operation, take batches
from the same input in turns, in one process: in the order first, second,
second, first. So both see the same weights, the same images and, on a machine
that does other things too, the same load.

The operation is the colour distortion at 224 pixels: of a whole batch, or image
by image. forms.json also keeps the tiles of the loss by pairs of blocks, which
saved nothing of a step and are gone.
"""

import argparse
import json
import os
import statistics
import sys
import time
from typing import Any
from unittest import mock

from tools import own_process
from tools.whole_numbers import at_least

NARROW = {"resnet_depth": 18, "width_multiplier": 0.25}
LARGE = {"image_size": 224, "color_jitter_strength": 1.0}
BFLOAT16 = {"mixed_precision": "bfloat16"}
# name -> config of the step, steps in a turn.
CASES: dict[str, tuple[dict[str, Any], int]] = {
    "ResNet-18 (0.25x), 224 px, batch 32": (
        {**NARROW, **LARGE, "train_batch_size": 32},
        3,
    ),
    "ResNet-18 (0.25x), 224 px, batch 32, bfloat16": (
        {**NARROW, **LARGE, **BFLOAT16, "train_batch_size": 32},
        3,
    ),
    "ResNet-50, 224 px, batch 16": (
        {"resnet_depth": 50, **LARGE, "train_batch_size": 16},
        1,
    ),
    "ResNet-50, 224 px, batch 16, bfloat16": (
        {"resnet_depth": 50, **LARGE, **BFLOAT16, "train_batch_size": 16},
        1,
    ),
}


def run(arguments):
    options = parse_arguments(arguments)
    chosen = [name for name in CASES if options.only in name]
    return {
        "what": "seconds a step, medians of turns; ratios of turns beside",
        "rounds": options.rounds,
        "load_before": os.getloadavg()[0],
        "cases": {name: in_a_process(name, options) for name in chosen},
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", help="folder of photographs")
    parser.add_argument("--rounds", type=at_least(2), default=6)
    parser.add_argument("--only", default="", help="part of a case's name")
    return parser.parse_args(arguments)


def in_a_process(name, options):
    print(name, flush=True)
    arguments = name, options.photos or "", options.rounds
    result = own_process.last_json("tools.benchmarks.forms", *arguments)
    print(json.dumps(result), flush=True)
    return result


def measure(name, photos, rounds):
    """Times a case in this process."""
    from simclrv2_tf.config import Config
    from simclrv2_tf.data import pipeline
    from simclrv2_tf.runs.hardware import precision
    from tools.benchmarks.step import make_stage

    options, steps = CASES[name]
    # Photographs may be of any number of classes.
    options = {**options, "lineareval_while_pretraining": False}
    config = Config(**options, warmup_epochs=0)
    source = open_images(photos)
    with precision.policy(config.mixed_precision):
        stage = make_stage(config, source)
    stage.optimizer.build(stage.trainable_variables)
    dataset = pipeline.train_dataset(
        source, config.train_batch_size, config.image_size, seed=0
    )
    batches = iter(dataset)
    forms = traced_forms(stage.train_step, next(batches))

    def turn(step):
        for _ in range(steps):
            logs = step(next(batches))
        float(logs["train/total_loss"])

    return compare(
        {form: (lambda step=step: turn(step)) for form, step in forms.items()},
        int(rounds),
        steps,
    )


def traced_forms(function, *arguments):
    """The function compiled with either form, {name: function}."""
    import tensorflow as tf

    forms = {}
    for name, patch in patches().items():
        forms[name] = tf.function(function)
        with patch:
            forms[name](*arguments)
    return forms


def patches():
    """Has the package take one form or the other, while it is traced."""
    from simclrv2_tf.data.augment import policy

    return {
        "distortion": mock.patch.object(
            policy, "_one_by_one", lambda images: False
        ),
        "distortion_each": mock.patch.object(
            policy, "_one_by_one", lambda images: True
        ),
    }


def compare(turns, rounds, steps=1):
    """Runs two turns there and back, `rounds` times.

    Returns:
      Median seconds a step of each, and the share that the second saves:
      the median over rounds, and its quartiles.
    """
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        spent = dict.fromkeys(turns, 0.0)
        for name in [*turns, *reversed(turns)]:
            start = time.perf_counter()
            turns[name]()
            spent[name] += (time.perf_counter() - start) / (2 * steps)
        for name, seconds in spent.items():
            times[name].append(seconds)
    first, second = times.values()
    saved = [1 - b / a for a, b in zip(first, second, strict=True)]
    low, middle, high = statistics.quantiles(saved, n=4)
    return {
        **{n: round(statistics.median(t), 4) for n, t in times.items()},
        "saved": round(middle, 4),
        "quartiles": [round(low, 4), round(high, 4)],
    }


def open_images(photos):
    """Photographs where they are there, else noise as JPEG in memory."""
    from simclrv2_tf.data import sources
    from tools.benchmarks import step

    return (
        sources.open_source(f"folder:{photos}") if photos else step.noise(400)
    )


if __name__ == "__main__":  # one case, in a process of its own
    print(json.dumps(measure(*sys.argv[1:])))
