"""Normalization by cuDNN's two modes against its formula in float64.

cuDNN's persistent mode is quicker (`accelerator --persistent`), and its
documentation warns that sums may overflow where those of the other mode do
not. Each mode is a process of its own, as TensorFlow asks for it once. Errors
are the largest differences over the largest value, of what
`FusedBatchNormV3` gives in training and of its gradients.
"""

import argparse
import itertools
import json
import sys

import numpy as np

from tools import own_process
from tools.benchmarks.accelerator import PERSISTENT

# Activations of ResNets, batch first: (images, height, width, channels).
SHAPES = (
    (64, 56, 56, 64),
    (128, 7, 7, 512),
    (256, 32, 32, 64),
    (512, 4, 4, 256),
    (128, 112, 112, 64),
)
SMALL = ((8, 5, 5, 16),)
DTYPES = ("bfloat16", "float32", "float16")
SPREADS = ((1, 0), (1, 100), (1000, 0), (30, 1000))  # deviation and mean
PARTS = ("y", "mean", "variance", "dx", "dgamma", "dbeta")
EPSILON = 1e-5


def run(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args(arguments)
    return {
        "what": "largest relative errors of normalization and its gradients",
        "rows": [
            row for mode in "01" for row in in_a_process(mode, options.small)
        ],
    }


def in_a_process(mode, small):
    lines = own_process.printed_lines(
        "tools.benchmarks.persistent_normalization",
        "small" if small else "all",
        env={PERSISTENT: mode},
    )
    rows = ({"persistent": mode == "1", **json.loads(line)} for line in lines)
    return own_process.printed(rows)


def measure(shapes):
    """Yields a row for each shape, dtype and spread, in this process."""
    rng = np.random.default_rng(0)
    for shape, dtype, spread in itertools.product(shapes, DTYPES, SPREADS):
        inputs = draw(rng, shape, dtype, *spread)
        errors = map(error, kernel(*inputs), formula(*inputs))
        case = {"shape": shape, "dtype": dtype, "spread": spread}
        yield {**case, **dict(zip(PARTS, errors, strict=True))}


def draw(rng, shape, dtype, deviation, mean):
    """Inputs, scale and offset, and the gradient that comes from above."""
    import tensorflow as tf

    values = deviation * rng.standard_normal(shape) + mean
    scale = rng.uniform(0.5, 2.0, shape[-1])
    offset = rng.standard_normal(shape[-1])
    above = rng.standard_normal(shape)
    return (
        tf.cast(values, dtype),
        tf.cast(scale, tf.float32),
        tf.cast(offset, tf.float32),
        tf.cast(above, dtype),
    )


def kernel(x, scale, offset, above):
    """What the fused kernel gives: `PARTS`."""
    import tensorflow as tf

    none = tf.constant([], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([x, scale, offset])
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=scale,
            offset=offset,
            mean=none,
            variance=none,
            epsilon=EPSILON,
            is_training=True,
        )
    gradients = tape.gradient(y, [x, scale, offset], above)
    return y, mean, variance, *gradients


def formula(x, scale, offset, above):
    """The same in float64; the kernel's variance is the unbiased one."""
    x, scale, offset, above = (
        np.asarray(each, np.float64) for each in (x, scale, offset, above)
    )
    axes, count = (0, 1, 2), x[..., 0].size
    mean, variance = x.mean(axes), x.var(axes)
    deviation = np.sqrt(variance + EPSILON)
    normal = (x - mean) / deviation
    dbeta, dgamma = above.sum(axes), (above * normal).sum(axes)
    dx = scale / deviation * (above - (dbeta + normal * dgamma) / count)
    unbiased = variance * count / (count - 1)
    return scale * normal + offset, mean, unbiased, dx, dgamma, dbeta


def error(measured, expected):
    """The largest difference over the largest value."""
    measured = np.asarray(measured).astype(np.float64)
    return float(abs(measured - expected).max() / abs(expected).max())


if __name__ == "__main__":  # one mode, in a process of its own
    from simclrv2_tf.machine import gpus

    gpus.set_up()
    for each in measure(SMALL if sys.argv[1] == "small" else SHAPES):
        print(json.dumps(each), flush=True)
