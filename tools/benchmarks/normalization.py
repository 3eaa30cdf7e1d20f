"""Normalization outside training: Keras's formula or the fused kernel.

Two forms of one trained-size network answer the same images in turns, in one
process, compiled; differences are relative, of the features. The statistics
are drawn, as those of a new network hide what is rounded.
"""

import argparse
import contextlib
import functools
import json
import os
import sys
import time
from typing import Any
from unittest import mock

from tools import own_process
from tools.benchmarks.forms import compare
from tools.whole_numbers import at_least

R50 = {"resnet_depth": 50, "image_size": 224}
QUARTER = {"resnet_depth": 18, "image_size": 32, "width_multiplier": 0.25}
NETWORKS: dict[str, dict[str, Any]] = {
    "ResNet-50, 224 px": R50,
    "ResNet-18 (0.25x), 32 px": QUARTER,
}
PRECISIONS = ("float32", "bfloat16")
BATCHES = (1, 32)
TURN = 0.5  # seconds of a turn, if an answer takes less


def run(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=at_least(2), default=8)
    options = parser.parse_args(arguments)
    rows = [
        row
        for name in NETWORKS
        for precision in PRECISIONS
        for row in in_a_process(name, precision, options.rounds)
    ]
    return {
        "what": "seconds of an answer in either form, there and back in turn, "
        "and the share that the fused kernel saves",
        "load_before": os.getloadavg()[0],
        "rows": rows,
    }


def in_a_process(name, precision, rounds):
    module = "tools.benchmarks.normalization"
    return own_process.printed(
        own_process.last_json(module, name, precision, rounds)
    )


def measure(name, precision, rounds):
    """The rows of a network, in this process."""
    import tensorflow as tf

    network = drawn_network(NETWORKS[name], precision)
    forms = {form: compiled(network, form) for form in ("keras", "fused")}
    rows = []
    for batch in BATCHES:
        side = NETWORKS[name]["image_size"]
        images = tf.random.stateless_uniform((batch, side, side, 3), (0, 0))
        answers = {form: forms[form](images).numpy() for form in forms}
        case = {"network": name, "precision": precision, "batch": batch}
        figures = in_turn(forms, images, rounds)
        rows.append({**case, **figures, "difference": apart(**answers)})
    return rows


def in_turn(forms, images, rounds):
    """Seconds of an answer, and what the second form saves of the first."""
    begin = time.perf_counter()
    forms["keras"](images).numpy()
    steps = max(1, round(TURN / (time.perf_counter() - begin)))

    def turn(function):
        for _ in range(steps):
            function(images).numpy()

    turns = {name: functools.partial(turn, f) for name, f in forms.items()}
    return compare(turns, rounds, steps)


def drawn_network(options, precision):
    """A network whose moving statistics are those of no new one."""
    import numpy as np

    from simclrv2_tf.config import Config
    from simclrv2_tf.runs import build
    from simclrv2_tf.runs.hardware import precision as precisions

    config = Config(**options, mixed_precision=precision)
    with precisions.policy(precision):
        network = build.fresh_network(config, 10)
    draws = np.random.default_rng(0)
    for variable in network.variables:
        if "moving_mean" in variable.path:
            variable.assign(draws.normal(0.0, 0.1, variable.shape))
        if "moving_variance" in variable.path:
            variable.assign(draws.uniform(0.5, 1.5, variable.shape))
    return network


def compiled(network, form):
    """The network's features as a function that is traced with a form."""
    import tensorflow as tf

    from simclrv2_tf.models.normalization import BatchNorm

    side = network.get_config()["image_size"]
    function = tf.function(
        lambda x: tf.cast(
            network(x, training=False)["final_avg_pool"], tf.float32
        ),
        input_signature=[tf.TensorSpec([None, side, side, 3])],
    )
    formula = mock.patch.object(
        BatchNorm, "_fits_moving", lambda self, inputs: False
    )
    with formula if form == "keras" else contextlib.nullcontext():
        function.get_concrete_function()
    return function


def apart(keras, fused):
    """Relative difference of the features."""
    import numpy as np

    return float(np.linalg.norm(fused - keras) / np.linalg.norm(keras))


if __name__ == "__main__":  # a network, in a process of its own
    name, precision, rounds = sys.argv[1:]
    print(json.dumps(measure(name, precision, int(rounds))))
