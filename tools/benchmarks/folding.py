"""Does serving gain from normalization folded into the convolutions?

ResNet-50 at 224 pixels, all endpoints of `images`: as exported today, with
kernels and biases that hold the normalization, and with TensorFlow's fused
kernel in place of a product and a sum. The ways take turns; what counts is the
fastest request, by the clock and by the processor's own seconds, which a
machine that others use distorts less.
"""

import argparse
import os
import time

from tools.whole_numbers import at_least

SEED = 0
SIDE = 224


def run(arguments):
    options = parse_arguments(arguments)
    ways, variables = make_ways()
    differences = compare(ways)
    rows = {
        size: timed(ways, size, rounds)
        for size, rounds in ((1, options.rounds_1), (32, options.rounds_32))
    }
    return {
        "what": f"seconds of a request, ResNet-50 at {SIDE} pixels, fastest",
        "seed": SEED,
        "load_before": os.getloadavg()[0],
        "largest difference from today": differences,
        "MiB of variables": variables,
        "batch": rows,
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds_1", type=at_least(1), default=50)
    parser.add_argument("--rounds_32", type=at_least(1), default=10)
    return parser.parse_args(arguments)


def make_ways():
    """{name: function from images to endpoints}, and MiB that each stores."""
    import keras

    from simclrv2_tf.models.network import Network

    keras.utils.set_random_seed(SEED)
    network = Network(resnet_depth=50, image_size=SIDE, num_classes=1000)
    disturb(network)
    twin = Network(**network.get_config())
    twin.set_weights(network.get_weights())
    fold(twin)
    ways = {"today": graph_of(network), "folded": graph_of(twin)}
    for layer in normalizations(network):
        layer.call = fused(layer)
    ways["fused kernel"] = graph_of(network)
    size = sum(w.size for w in network.get_weights()) * 4 / 2**20
    return ways, {
        "today": round(size, 1),
        "folded": round(size + folded_size(twin), 1),
        "fused kernel": round(size, 1),
    }


def disturb(network):
    """Statistics that are not those of the start, from the seed."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    for layer in normalizations(network):
        count = layer.gamma.shape
        layer.gamma.assign(rng.uniform(0.3, 0.7, count))
        layer.beta.assign(rng.normal(0.0, 0.1, count))
        layer.moving_mean.assign(rng.normal(0.0, 0.1, count))
        layer.moving_variance.assign(rng.uniform(0.5, 1.5, count))


def normalizations(network):
    return [pair.norm for pair in pairs(network)]


def pairs(network):
    """Convolutions with the normalization behind them."""
    layers = network._flatten_layers()
    return [x for x in layers if hasattr(x, "conv") and hasattr(x, "norm")]


def fold(network):
    """Puts each normalization into the kernel before it, and into a bias."""
    import numpy as np
    import tensorflow as tf

    for pair in pairs(network):
        norm, kernel = pair.norm, pair.conv.kernel
        deviation = np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
        scale = np.asarray(norm.gamma) / deviation
        bias = np.asarray(norm.beta) - np.asarray(norm.moving_mean) * scale
        kernel.assign(np.asarray(kernel) * scale)
        norm.beta.assign(bias)
        norm.call = lambda x, training=None, mask=None, b=norm.beta: (
            tf.nn.bias_add(x, b)
        )


def folded_size(network):
    """MiB of kernels and biases that an export would hold once more."""
    count = sum(
        int(pair.conv.kernel.shape.num_elements()) + pair.norm.beta.shape[0]
        for pair in pairs(network)
    )
    return count * 4 / 2**20


def fused(layer):
    import tensorflow as tf

    def call(inputs, training=None, mask=None):
        outputs, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=layer.gamma,
            offset=layer.beta,
            mean=layer.moving_mean,
            variance=layer.moving_variance,
            epsilon=layer.epsilon,
            is_training=False,
        )
        return outputs

    return call


def graph_of(network):
    """What an export holds: the endpoints as a graph of one input."""
    import tensorflow as tf

    spec = tf.TensorSpec([None, None, None, 3], tf.float32, "images")
    return tf.function(
        lambda images: network(images, training=False),
        input_signature=[spec],
        autograph=False,
    ).get_concrete_function()


def images_of(size):
    import numpy as np
    import tensorflow as tf

    shape = (size, SIDE, SIDE, 3)
    return tf.constant(np.random.default_rng(SEED).random(shape, np.float32))


def compare(ways):
    """Largest difference of an endpoint from today's.

    That of `initial_conv`, which stands before its normalization, is left out:
    folding changes it.
    """
    import numpy as np

    images = images_of(1)
    expected = {k: v.numpy() for k, v in ways["today"](images).items()}
    del expected["initial_conv"]
    differences = {}
    for name, way in ways.items():
        answers = way(images)
        differences[name] = max(
            float(
                np.abs(answers[key] - value).max()
                / max(np.abs(value).max(), 1.0)
            )
            for key, value in expected.items()
        )
    return differences


def timed(ways, size, rounds):
    """The fastest of so many requests, and each way as a share of today's."""
    images = images_of(size)
    for way in ways.values():
        way(images)["logits_sup"].numpy()
    clock: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start, started = time.perf_counter(), time.process_time()
            way(images)["logits_sup"].numpy()
            clock[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - started)
    return {
        "rounds": rounds,
        "seconds": fastest(clock),
        "processor seconds": fastest(busy),
    }


def fastest(times):
    least = {name: min(seconds) for name, seconds in times.items()}
    return {
        name: {
            "fastest": round(value, 4),
            "share of today": round(value / least["today"], 3),
        }
        for name, value in least.items()
    }
