"""Peak memory and time of a pretraining step: precision, remat, micro-batches.

Each case is a process of its own. Memory is the peak above that of a step of
two images, which leaves out the runtime, the weights and what the optimizer
remembers; beside it is what `simclrv2_tf.scaling` says on paper.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

from tools import own_process
from tools.peak_memory import peak_bytes

R18 = {"resnet_depth": 18, "image_size": 32}
QUARTER = {**R18, "width_multiplier": 0.25}
R50 = {"resnet_depth": 50, "image_size": 64}
CACHED = {"gradient_cache_microbatch": 256}
# name -> config of the step, and how many are timed after the first.
CASES: dict[str, tuple[dict[str, Any], int]] = {
    "r18 32px, 256": ({**R18, "train_batch_size": 256}, 1),
    "r18 32px, 256, 16 steps": ({**R18, "train_batch_size": 256}, 15),
    "r18 32px, 256, remat": (
        {**R18, "train_batch_size": 256, "remat": True},
        1,
    ),
    "r18 32px, 256, bfloat16": (
        {**R18, "train_batch_size": 256, "mixed_precision": "bfloat16"},
        1,
    ),
    "r18 32px, 1024 by 256": ({**R18, "train_batch_size": 1024, **CACHED}, 1),
    "r18 32px, 4096 by 256": ({**R18, "train_batch_size": 4096, **CACHED}, 0),
    "r18 0.25x 32px, 256": ({**QUARTER, "train_batch_size": 256}, 0),
    "r18 0.25x 32px, 256, 16 steps": (
        {**QUARTER, "train_batch_size": 256},
        15,
    ),
    "r18 0.25x 32px, 4096 by 256": (
        {**QUARTER, "train_batch_size": 4096, **CACHED},
        0,
    ),
    "r18 32px, 32": ({**R18, "train_batch_size": 32}, 1),
    "r18 32px, 32, float16": (
        {**R18, "train_batch_size": 32, "mixed_precision": "float16"},
        1,
    ),
    "r50 64px, 64": ({**R50, "train_batch_size": 64}, 1),
    "r50 64px, 64, remat": ({**R50, "train_batch_size": 64, "remat": True}, 1),
    "r50 sk 64px, 32": ({**R50, "train_batch_size": 32, "sk_ratio": 0.0625}, 1),
    "r50 224px, 16": (
        {"resnet_depth": 50, "image_size": 224, "train_batch_size": 16},
        1,
    ),
}

# What 16 micro-batches are held against: memory that is freed comes back in
# pieces, and the peak of a process grows in its first ten steps.
LATER = (
    "r18 32px, 256, 16 steps",
    "r18 32px, 4096 by 256",
    "r18 0.25x 32px, 256, 16 steps",
)

# Of less than a gigabyte, where what is compiled for a batch weighs as much.
SMALL = (
    "r18 0.25x 32px, 256",
    "r18 0.25x 32px, 4096 by 256",
    "r18 32px, 32",
    "r18 32px, 32, float16",
)


def run(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    options = parser.parse_args(arguments)
    rows = own_process.printed(map(in_a_process, options.cases))
    return {
        "what": "one pretraining step, augmentation included, one device",
        "load_before": os.getloadavg()[0],
        "rows": rows,
    }


def in_a_process(name):
    return own_process.last_json("tools.benchmarks.memory", name)


def measure(name):
    """Runs a case in this process."""
    import tensorflow as tf

    from simclrv2_tf.config import Config

    options, steps = CASES[name]
    config = Config(**options, warmup_epochs=0, color_jitter_strength=0.5)
    stage = make_stage(config)
    stage.microbatch = min(1, config.gradient_cache_microbatch)
    timed(tf.function(stage.train_step), batch_of(config, 2))
    before = peak_bytes()
    stage.microbatch = config.gradient_cache_microbatch
    step, batch = tf.function(stage.train_step), config.train_batch_size
    data = batch_of(config, batch)
    seconds = [timed(step, data) for _ in range(1 + steps)]
    row = {
        "case": name,
        "batch": batch,
        "peak_mib": round((peak_bytes() - before) / 2**20),
        "process_mib": round(peak_bytes() / 2**20),
        "paper_mib": round(on_paper(options) / 2**20),
    }
    if steps:
        row["seconds"] = round(min(seconds[1:]), 3)
        row["ms_an_image"] = round(1000 * min(seconds[1:]) / batch, 2)
    return row


def batch_of(config, batch):
    """Noise in two views, and labels."""
    import tensorflow as tf

    shape = (batch, config.image_size, config.image_size, 3)
    views = [tf.random.stateless_uniform(shape, (0, i)) for i in range(2)]
    return tuple(views), tf.range(batch) % 10


def make_stage(config):
    """The stage as the command makes it, its optimizer built."""
    from simclrv2_tf.runs import build
    from simclrv2_tf.runs.hardware import precision
    from simclrv2_tf.runs.plan import make_plan

    plan = make_plan(config, 10 * config.train_batch_size)
    with precision.policy(config.mixed_precision):
        network = build.fresh_network(config, 10)
        stage = build.make_stage(config, network)
        optimizer = build.make_optimizer(config, plan, network)
        stage.compile(optimizer=optimizer)
    stage.optimizer.build(stage.trainable_variables)
    return stage


def on_paper(options):
    """Bytes of the batch, as `scaling` counts them."""
    from simclrv2_tf import scaling

    options = dict(options)
    job = scaling.PlannedJob(batch=options.pop("train_batch_size"), **options)
    needed = scaling.memory(job)
    return sum(needed.values()) - needed["weights, gradients, optimizer"]


def timed(step, data):
    start = time.perf_counter()
    float(step(data)["train/total_loss"])
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
