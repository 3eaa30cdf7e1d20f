"""A pretraining step on a GPU: images/s, and its memory against the paper's.

Each case is a process of its own. `bare` is the compiled step on one batch in
memory, augmentation included; `fit` is what the command runs, input included,
on noise as JPEG. Memory is what TensorFlow's allocator held at most, beside
what `simclrv2_tf.scaling` foresees. With --persistent=1, or 0 1 for both, cuDNN
normalizes in its persistent mode, see `persistent_normalization`.
"""

import argparse
import itertools
import json
import subprocess
import sys
from typing import Any

from tools import own_process
from tools.benchmarks import step as steps_of

PERSISTENT = "TF_USE_CUDNN_BATCHNORM_SPATIAL_PERSISTENT"  # read by TensorFlow
R18 = {"resnet_depth": 18, "image_size": 32, "train_batch_size": 512}
R50 = {"resnet_depth": 50, "image_size": 224, "train_batch_size": 128}
HALF = {"mixed_precision": "bfloat16"}
# name -> config of the step, and steps of each of three rounds.
CASES: dict[str, tuple[dict[str, Any], int]] = {
    "ResNet-50, 224 px, 128": (R50, 10),
    "ResNet-50, 224 px, 128, bfloat16": ({**R50, **HALF}, 10),
    "ResNet-50, 224 px, 128, bfloat16, remat": (
        {**R50, **HALF, "remat": True},
        10,
    ),
    "ResNet-50, 224 px, 512 by 128, bfloat16": (
        {
            **R50,
            **HALF,
            "train_batch_size": 512,
            "gradient_cache_microbatch": 128,
        },
        3,
    ),
    "ResNet-50 SK, 224 px, 128, bfloat16": (
        {**R50, **HALF, "sk_ratio": 0.0625},
        10,
    ),
    "ResNet-18, 32 px, 512": (R18, 20),
    "ResNet-18, 32 px, 512, bfloat16": ({**R18, **HALF}, 20),
    "ResNet-18, 32 px, 4096, bfloat16": (
        {**R18, **HALF, "train_batch_size": 4096},
        5,
    ),
}


def run(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--persistent", nargs="+", choices="01", default=["0"])
    options = parser.parse_args(arguments)
    pairs = itertools.product(options.cases, options.persistent)
    rows = own_process.printed(itertools.starmap(in_a_process, pairs))
    return {
        "what": "a pretraining step on one accelerator, the fastest of three "
        "rounds; images/s count images, of which there are two views",
        "rows": rows,
    }


def in_a_process(name, persistent):
    case = {"case": name, "persistent normalization": persistent == "1"}
    try:
        figures = own_process.last_json(
            "tools.benchmarks.accelerator", name, env={PERSISTENT: persistent}
        )
    except subprocess.CalledProcessError as error:
        return {**case, "failed": error.returncode}
    return {**case, **figures}


def measure(name):
    """Times a case in this process."""
    import tensorflow as tf

    from simclrv2_tf.config import Config
    from simclrv2_tf.data import pipeline
    from simclrv2_tf.runs.hardware import precision

    options, steps = CASES[name]
    config = Config(**options, warmup_epochs=0)
    source = steps_of.noise(32 if config.image_size <= 32 else 400)
    with precision.policy(config.mixed_precision):
        stage = steps_of.make_stage(config, source)
    dataset = pipeline.train_dataset(
        source, config.train_batch_size, config.image_size, seed=0
    )
    times = steps_of.time_in_turn(stage, dataset, steps)
    device = tf.config.list_physical_devices("GPU")[0]
    return {
        "device": tf.config.experimental.get_device_details(device)[
            "device_name"
        ],
        **in_words(config, {k: min(v) for k, v in times.items()}),
    }


def in_words(config, best):
    """Images/s and memory of a case."""
    import tensorflow as tf

    from simclrv2_tf.runs.hardware import memory_check

    peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    expected = memory_check.expect(config).peak
    return {
        "bare images/s": round(config.train_batch_size / best["bare"]),
        "fit images/s": round(config.train_batch_size / best["fit"]),
        "bare seconds": round(best["bare"], 4),
        "peak GB": round(peak / 1e9, 2),
        "expected GB": round(expected / 1e9, 2),
        "expected as a share of the peak": round(expected / peak, 3),
    }


if __name__ == "__main__":  # one case, in a process of its own
    print(json.dumps(measure(sys.argv[1])))
