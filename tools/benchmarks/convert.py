"""Time and peak memory of conversions of the largest published network.

Each row is a process of its own, from a TF1 checkpoint of made-up weights or
from what an earlier row wrote; `times_weights` is the peak resident memory,
Python and TensorFlow included, over the size of the weights.
"""

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
import time

from tools import own_process
from tools.peak_memory import peak_bytes
from tools.whole_numbers import at_least

ARGUMENTS = {"resnet_depth": 152, "width_multiplier": 3, "sk_ratio": 0.0625}
SMALL = {"resnet_depth": 50, "width_multiplier": 1, "sk_ratio": 0.0625}
SOURCE = "tf1/model.ckpt-250228"
ROWS = (  # source, target
    (SOURCE, "x.safetensors"),
    ("x.safetensors", "back/model.ckpt-0"),
    (SOURCE, "tf2/ckpt-0"),
    (SOURCE, "x.keras"),
    ("tf2/ckpt-0", "back/model.ckpt-0"),
    ("x.keras", "back/model.ckpt-0"),
    (SOURCE, "x.weights.h5"),
    (SOURCE, "x.pth"),
    ("x.pth", "back/model.ckpt-0"),
)


def run(arguments):
    options = parse_arguments(arguments)
    load = os.getloadavg()[0]
    made = tempfile.mkdtemp(prefix="convert-", dir=options.directory)
    directory = os.path.abspath(made)
    try:
        small = ["--small"] if options.small else []
        in_a_process("--write", os.path.join(directory, SOURCE), *small)
        size = weight_bytes(options.small)
        rows = [
            row(source, target, directory, size)
            for source, target in ROWS[: options.rows]
        ]
    finally:
        shutil.rmtree(directory)
    return {
        "what": "conversions, each in a process of its own",
        "network": SMALL if options.small else ARGUMENTS,
        "weights_mib": round(size / 2**20),
        "load_before": round(load, 1),
        "rows": rows,
    }


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--directory", help="on a disk with 4 copies' room")
    parser.add_argument(
        "--rows",
        type=at_least(1),
        default=len(ROWS),
        help="only the first so many",
    )
    parser.add_argument("--small", action="store_true", help="ResNet-50")
    parser.add_argument("--write", metavar="PREFIX", help="the source, here")
    parser.add_argument("--convert", nargs=2, help="one row, here")
    return parser.parse_args(arguments)


def row(source, target, directory, size):
    paths = [os.path.join(directory, name) for name in (source, target)]
    measured = in_a_process("--convert", *paths)
    shutil.rmtree(os.path.join(directory, "back"), ignore_errors=True)
    figures = {
        "source": source.split("/")[0],
        "target": target.split("/")[0],
        "seconds": measured["seconds"],
        "peak_mib": measured["peak_mib"],
        "times_weights": round(measured["peak_mib"] * 2**20 / size, 2),
    }
    print(figures, file=sys.stderr, flush=True)
    return figures


def in_a_process(*arguments):
    return own_process.last_json(
        "tools.benchmarks.convert", *arguments, env=own_process.QUIET
    )


def weight_bytes(small):
    from simclrv2_tf.checkpoints import layout

    shapes = layout.shapes(SMALL if small else ARGUMENTS).values()
    return 4 * sum(map(math.prod, shapes))


def write(prefix, small):
    """A TF1 checkpoint, an array at a time."""
    import numpy as np

    from simclrv2_tf.checkpoints import layout
    from simclrv2_tf.checkpoints import tf1
    from simclrv2_tf.checkpoints.arrays import Arrays

    generator = np.random.default_rng(0)
    shapes = layout.shapes(SMALL if small else ARGUMENTS)
    arrays = Arrays(
        shapes, lambda name: generator.random(shapes[name], np.float32)
    )
    tf1.write(prefix, arrays)
    return {}


def convert(source, target):
    from simclrv2_tf import hub

    start = time.perf_counter()
    hub.convert(source, target)
    seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "peak_mib": round(peak_bytes() / 2**20),
    }


if __name__ == "__main__":  # one step, in a process of its own
    here = parse_arguments()
    done = (
        write(here.write, here.small) if here.write else convert(*here.convert)
    )
    print(json.dumps(done))
