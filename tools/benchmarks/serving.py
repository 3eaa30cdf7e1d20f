"""Latency of `serving_default` against decoding and `network.predict`.

ResNet-50 at 224 pixels, on photographs. The ways take turns, so that all see
the same machine.
"""

import argparse
import os
import pathlib
import statistics
import tempfile
import time

BATCHES = {1: 25, 32: 5}  # images in a request: rounds


def run(arguments):
    options = parse_arguments(arguments)
    files = read_photos(options.photos)
    with tempfile.TemporaryDirectory() as directory:
        ways = make_ways(directory)
        rows = {size: compare(ways, files, size) for size in BATCHES}
    return {
        "what": "median seconds of a request, ResNet-50 at 224 pixels",
        "images": f"{len(files)} photographs, in turn",
        "load_before": os.getloadavg()[0],
        "batch": rows,
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--photos", required=True, help="folder of class folders of JPEG"
    )
    return parser.parse_args(arguments)


def read_photos(folder):
    paths = sorted(pathlib.Path(folder).glob("*/*"))
    if not paths:
        raise SystemExit(f"no photographs below {folder}: give --photos")
    return [path.read_bytes() for path in paths]


def make_ways(directory):
    """Functions from encoded images to probabilities."""
    import keras
    import tensorflow as tf

    from simclrv2_tf import export
    from simclrv2_tf.data.augment.crops import preprocess_for_eval
    from simclrv2_tf.data.decode.rgb import decode_in_graph
    from simclrv2_tf.data.decode.rgb import to_float
    from simclrv2_tf.models.network import Network

    network = Network(resnet_depth=50, image_size=224, num_classes=1000)
    logits = keras.Model(network.input, network.output["logits_sup"])

    def prepare(encoded):
        return preprocess_for_eval(to_float(decode_in_graph(encoded)), 224)

    path = export.export_network(network, directory, 0, prepare)
    model = tf.saved_model.load(path)
    decode = tf.function(
        prepare, input_signature=[tf.TensorSpec([], tf.string)]
    )

    def images(encoded):
        return tf.stack([decode(data) for data in encoded])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def in_parallel(encoded):
        return tf.map_fn(prepare, encoded, fn_output_signature=tf.float32)

    return {
        "serving_default": lambda e: model.signatures["serving_default"](
            encoded=tf.constant(e)
        )["probabilities"].numpy(),
        "decode, network.predict": lambda e: network.predict(
            images(e), batch_size=len(e), verbose=0
        )["logits_sup"],
        "decode in parallel, predict logits alone": lambda e: logits.predict(
            in_parallel(tf.constant(e)), batch_size=len(e), verbose=0
        ),
    }


def compare(ways, files, size):
    """Median seconds of each way, and those of serving as a share."""
    batches = [
        [files[(i * size + j) % len(files)] for j in range(size)]
        for i in range(BATCHES[size])
    ]
    for way in ways.values():  # compiles
        way(batches[0])
    times: dict[str, list[float]] = {name: [] for name in ways}
    for batch in batches:
        for name, way in ways.items():
            start = time.perf_counter()
            way(batch)
            times[name].append(time.perf_counter() - start)
    medians = {
        name: statistics.median(seconds) for name, seconds in times.items()
    }
    served = medians["serving_default"]
    return {
        "rounds": len(batches),
        "seconds": {name: round(value, 4) for name, value in medians.items()},
        "serving_default as a share of": {
            name: round(served / value, 3)
            for name, value in medians.items()
            if name != "serving_default"
        },
    }
