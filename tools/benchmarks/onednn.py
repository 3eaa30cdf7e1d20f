"""What oneDNN gives on a processor where TensorFlow leaves it out.

The bare train step of pretraining on one batch, float32, each case with and
without in processes of their own, in turn; what counts is the fastest step, by
the clock and by the processor's own seconds, which a machine that others use
distorts less.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

from tools import own_process
from tools.peak_memory import peak_bytes
from tools.whole_numbers import at_least

# name -> options of the step, and steps to measure
CASES = {
    "ResNet-18, an eighth of the width, 32 px": ((18, 0.125, 32, 256), 6),
    "ResNet-18, a quarter of the width, 32 px": ((18, 0.25, 32, 256), 4),
    "ResNet-18, 32 px": ((18, 1.0, 32, 64), 3),
    "ResNet-50, 224 px": ((50, 1.0, 224, 4), 3),
}
SETTINGS = {"without": "0", "with": "1"}


def run(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=at_least(1), default=3)
    rounds = parser.parse_args(arguments).rounds
    return {
        "what": "seconds of a train step, float32, the fastest of all rounds",
        "load_before": os.getloadavg()[0],
        "rounds": rounds,
        "cases": {name: in_turn(name, rounds) for name in CASES},
    }


def in_turn(name, rounds):
    """{with and without: fastest figures}, and the ratio of both."""
    seen: dict[str, list[Any]] = {setting: [] for setting in SETTINGS}
    for _ in range(rounds):
        for setting in SETTINGS:
            seen[setting].append(in_a_process(name, setting))
    best = {
        setting: {figure: min(s[figure] for s in all_) for figure in all_[0]}
        for setting, all_ in seen.items()
    }
    ratios = {
        f"times as fast by {figure}": round(
            best["without"][figure] / best["with"][figure], 2
        )
        for figure in ("clock", "processor")
    }
    return {**best, **ratios}


def in_a_process(name, setting):
    print(name, setting, flush=True)
    env = {"TF_ENABLE_ONEDNN_OPTS": SETTINGS[setting]}
    return own_process.last_json("tools.benchmarks.onednn", name, env=env)


def measure(name):
    """Times a case in this process."""
    import tensorflow as tf

    stage, batch = make(*CASES[name][0])
    step = tf.function(stage.train_step)
    float(step(batch)["train/total_loss"])  # compiles
    clock, processor = [], []
    for _ in range(CASES[name][1]):
        begin = time.perf_counter(), time.process_time()
        float(step(batch)["train/total_loss"])
        clock.append(time.perf_counter() - begin[0])
        processor.append(time.process_time() - begin[1])
    return {
        "clock": round(min(clock), 4),
        "processor": round(min(processor), 4),
        "peak memory, GiB": round(peak_bytes() / 2**30, 3),
    }


def make(depth, width, side, size):
    """A stage of pretraining, compiled, and a batch of noise."""
    import tensorflow as tf

    from simclrv2_tf.config import Config
    from tools.benchmarks.step import make_stage
    from tools.benchmarks.step import noise

    config = Config(
        resnet_depth=depth,
        width_multiplier=width,
        image_size=side,
        train_batch_size=size,
        warmup_epochs=0,
    )
    stage = make_stage(config, noise(side))
    views = tf.random.stateless_uniform([2, size, side, side, 3], [0, 1])
    return stage, (tuple(tf.unstack(views)), tf.zeros([size], tf.int32))


if __name__ == "__main__":  # one case, in a process of its own
    print(json.dumps(measure(sys.argv[1])))
