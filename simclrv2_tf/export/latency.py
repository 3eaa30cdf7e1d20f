"""How long each exported format takes to answer, and how large it is."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.export import extra_formats
from simclrv2_tf.export import runtimes
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.machine.cores import cores

FILE = "benchmark.json"
BATCHES = (1, 32)  # images in a request
SECONDS = 2.0  # that a format and batch may take, unless it is slower
ROUNDS = (5, 100)  # requests that are timed, at least and at most
# Files that a SavedModel is made of.
_SAVED_MODEL = ("saved_model.pb", "variables/*", "assets/*")


def measure(
    network: keras.Model,
    directory: str,
    formats: Iterable[str] = (),
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Times requests of a version's formats, in turn, and weighs its files.

    A request is one of float images of the network's size to its logits, or
    to its features where it has no classes, in memory as numpy arrays.

    Args:
      network: A `Network`, that of `network.keras`.
      directory: Of the version; `benchmark.json` is written there.
      formats: Of `EXTRA_FORMATS`, those that it has.
      seconds: That a format and batch may take, unless `ROUNDS` is slower.

    Returns:
      Dictionary of what the file holds: "formats", rows of "format", "bytes"
      and "milliseconds", {batch: {"median", "fastest"}}, None for a format
      whose runtime is not installed; what was asked and of which machine.
    """
    classifies = network.supervised_head is not None
    endpoint = "logits_sup" if classifies else "final_avg_pool"
    ways = _ways(network, directory, formats, endpoint)
    times = {size: _timed(ways, network, size, seconds) for size in BATCHES}
    measurements = {
        "endpoint": endpoint,
        "image_size": network.get_config()["image_size"],
        **_environment(),
        "formats": [
            {
                "format": form,
                "bytes": _bytes(form, directory),
                "milliseconds": way
                and {str(size): times[size][form] for size in BATCHES},
            }
            for form, way in ways.items()
        ],
    }
    write_json(os.path.join(directory, FILE), measurements)
    return measurements


def _environment():
    return {
        "cores": cores(),
        "machine": platform.machine(),
        "devices": [d.device_type for d in tf.config.list_logical_devices()],
        "tensorflow": tf.__version__,
    }


def table(measurements: Mapping[str, Any]) -> str:
    """What `measure` returns, as lines of text."""
    header = ("format", "MiB", *(f"ms at batch {size}" for size in BATCHES))
    rows = [header]
    for row in measurements["formats"]:
        times = row["milliseconds"]
        medians = (
            f"{times[str(size)]['median']:.2f}" if times else "not installed"
            for size in BATCHES
        )
        rows.append((row["format"], f"{row['bytes'] / 2**20:.2f}", *medians))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row, widths):
    """The name on the left, numbers on the right."""
    name, *numbers = row
    padded = [x.rjust(w) for x, w in zip(numbers, widths[1:], strict=True)]
    return "  ".join([name.ljust(widths[0]), *padded])


def _ways(network, directory, formats, endpoint):
    """{format: function from images to an endpoint, None without runtime}."""
    serve = tf.saved_model.load(directory).signatures["images"]
    ways = {
        "saved_model": lambda x: serve(images=tf.constant(x))[endpoint].numpy(),
        "keras": lambda x: network.predict_on_batch(x)[endpoint],
    }
    for form in formats:
        run = runtimes.open_file(extra_formats.file_of(form, directory))
        ways[form] = run and _asking(run, endpoint)
    return ways


def _asking(run, endpoint):
    return lambda images: run(images, [endpoint])[endpoint]


def _timed(ways, network, size, seconds):
    """{format: milliseconds of a request}, all formats in the same minutes."""
    config = network.get_config()
    side, channels = config["image_size"], config["channels"]
    shape = (size, side, side, channels)
    images = np.random.default_rng(0).random(shape, np.float32)
    ways = {form: way for form, way in ways.items() if way is not None}
    for way in ways.values():
        way(images)  # compiles, and takes memory
    times = {form: [] for form in ways}
    least, most = ROUNDS
    end = time.perf_counter() + seconds * len(ways)
    for number in range(most):
        if number >= least and time.perf_counter() > end:
            break
        for form, way in ways.items():
            times[form].append(_milliseconds(way, images))
    return {form: _summary(each) for form, each in times.items()}


def _milliseconds(way, images):
    start = time.perf_counter()
    way(images)
    return 1000 * (time.perf_counter() - start)


def _summary(times):
    return {
        "median": round(statistics.median(times), 3),
        "fastest": round(min(times), 3),
        "requests": len(times),
    }


def _bytes(form, directory):
    """Of a format's files."""
    patterns = {
        "saved_model": _SAVED_MODEL,
        "keras": (extra_formats.KERAS_FILE,),
    }.get(form) or (extra_formats.file_of(form, ""),)
    paths = (
        path
        for pattern in patterns
        for path in tf.io.gfile.glob(os.path.join(directory, pattern))
    )
    return sum(tf.io.gfile.stat(path).length for path in paths)
