"""Every parity network against the original's figures, through all formats.

Weights and answers: ../shared/parity. Each network is a process of its own;
its TF1 checkpoint is loaded, answers, and is converted there and back.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

from tools import own_process

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARITY = ROOT.parent / "shared" / "parity"


def run(arguments):
    options = parse_arguments(arguments)
    rows = []
    for key in options.networks:
        rows.append(in_a_process(key))
        print(spoken(rows[-1]), file=sys.stderr, flush=True)
    return {
        "what": "relative L2 errors; bit_equal: weights that came back as "
        "they went; pytorch: the largest error of an endpoint against ours",
        "rows": rows,
    }


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", default=all_networks())
    parser.add_argument("--network", help="one row, here")
    return parser.parse_args(arguments)


def all_networks():
    """Keys of the parity networks, the smallest first."""
    files = (PARITY / "models").glob("*px.npz")
    return sorted((f.stem for f in files), key=parameters)


def shapes_of(key):
    return json.loads((PARITY / "models" / f"{key}.json").read_text())


def parameters(key):
    total = 0
    for shape in shapes_of(key).values():
        count = 1
        for size in shape:
            count *= size
        total += count
    return total


def in_a_process(key):
    paths = [str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    env = {**own_process.QUIET, "PYTHONPATH": os.pathsep.join(paths)}
    return own_process.last_json(
        "tools.benchmarks.parity", "--network", key, env=env
    )


def spoken(row):
    errors = "  ".join(f"{n} {e:.1e}" for n, e in row["errors"].items())
    return f"{row['network']:20} {errors}  pytorch {row['pytorch']:.1e}"


def measure(key):
    """One network through all formats."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="parity-"))
    try:
        row = {"network": key, "parameters": parameters(key)}
        return row | round_trips(key, directory)
    finally:
        shutil.rmtree(directory)


def round_trips(key, directory):
    import parity_networks as parity

    from simclrv2_tf import hub
    from simclrv2_tf.checkpoints import tf1

    weights = weights_of(key)
    original = str(directory / "tf1" / "model.ckpt-9")
    tf1.write(original, weights, global_step=9)
    endpoints = answers(original, key)
    errors = {
        name: hub.comparison.error(endpoints[name], expected)
        for name, expected in parity.answers(PARITY, key).items()
    }
    row = {"errors": errors, "bound": parity.bound(key), "bit_equal": {}}
    for form, target in (
        ("tf1", directory / "again" / "model.ckpt-0"),
        ("tf2", directory / "tf2" / "ckpt-0"),
        ("safetensors", directory / "x.safetensors"),
    ):
        selector = parity.selector(key)
        hub.convert(original, str(target), ft_proj_selector=selector)
        row["bit_equal"][form] = same_bits(str(target), weights)
        if form == "tf2":
            row["tf2_keys"] = tf2_keys(str(target), key)
        if form == "safetensors":
            row["pytorch"] = pytorch_error(str(target), key, endpoints)
        shutil.rmtree(target.parent) if form != "safetensors" else None
    return row


def weights_of(key):
    """The weights, each made when it is asked for."""
    import reference

    from simclrv2_tf.checkpoints.arrays import Arrays

    shapes = shapes_of(key)
    return Arrays(
        shapes, lambda name: reference.parity_weights(name, shapes[name])
    )


def answers(path, key):
    import numpy as np
    import parity_networks as parity

    from simclrv2_tf import hub

    network = hub.load_network(path, ft_proj_selector=parity.selector(key))
    outputs = network(parity.images(parity.pixels(key)), training=False)
    return {name: np.asarray(value) for name, value in outputs.items()}


def same_bits(path, weights):
    import numpy as np

    from simclrv2_tf.checkpoints import any_format

    arrays = any_format.open_source(path).arrays
    return set(arrays) == set(weights) and all(
        arrays[name].dtype == np.float32
        and np.array_equal(arrays[name], weights[name])
        for name in weights
    )


def tf2_keys(prefix, key):
    """Whether keys and shapes are those listed; None where none are."""
    import tensorflow as tf

    listed = PARITY / "models" / f"{key}.tf2_checkpoint.json"
    if not listed.exists():
        return None
    written = {n: list(s) for n, s in tf.train.list_variables(prefix)}
    return written == json.loads(listed.read_text())


def pytorch_error(path, key, endpoints):
    import numpy as np
    import parity_networks as parity
    import torch

    from simclrv2_tf import hub
    from simclrv2_tf.checkpoints import pytorch_module

    images = parity.images(parity.pixels(key)).transpose(0, 3, 1, 2)
    with torch.no_grad():
        module = pytorch_module.load(path)
        outputs = module(torch.from_numpy(np.ascontiguousarray(images)))
    turned = {
        name: v.numpy().transpose(0, 2, 3, 1) if v.ndim == 4 else v.numpy()
        for name, v in outputs.items()
    }
    return max(hub.comparison.error(turned[n], endpoints[n]) for n in endpoints)


if __name__ == "__main__":  # one row, in a process of its own
    print(json.dumps(measure(parse_arguments().network)))
