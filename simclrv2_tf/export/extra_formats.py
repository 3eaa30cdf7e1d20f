"""The same network for other runtimes: Keras, ONNX and LiteRT.

Keras's own exporters write them. ONNX and LiteRT take float images of the
network's size, any number at once, and are compared with the network where
their runtimes are installed; what 8 bits lose is for the caller to judge.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.export import conversion_errors
from simclrv2_tf.export import quantized
from simclrv2_tf.export import runtimes
from simclrv2_tf.machine.full_float32 import full_float32

KERAS_FILE = "network.keras"
TOLERANCE = (
    1e-4  # largest difference from Keras, relative to the largest value or 1
)
# Format -> (file, packages that write it, extra of setup.cfg).
EXTRA_FORMATS = {
    "onnx": ("network.onnx", ("tf2onnx", "onnx"), "onnx"),
    "litert": ("network.tflite", (), "litert"),
    quantized.LITERT: ("network_int8.tflite", (), "litert"),
    quantized.ONNX: (
        "network_int8.onnx",
        ("tf2onnx", "onnx", "onnxruntime"),
        "onnx",
    ),
}

# Files of protobuf and FlatBuffers are smaller than 2 GiB; the ONNX of 8 bits
# is made of such a file.
_OF_FLOATS = ("onnx", "litert", quantized.ONNX)
_BYTES, _MOST_BYTES = 4, 2**31


def check_installed(formats: Iterable[str]) -> None:
    """Refuses formats that are unknown or whose packages are missing.

    Raises:
      ValueError: With the line that installs them.
    """
    for form in formats:
        if form not in EXTRA_FORMATS:
            raise ValueError(
                f"`export_formats` must be of {list(EXTRA_FORMATS)}. "
                f"Received: {form!r}"
            )
        _, packages, extra = EXTRA_FORMATS[form]
        missing = [p for p in packages if not runtimes.is_installed(p)]
        if missing:
            raise ValueError(
                f"The export format {form!r} needs {' and '.join(missing)}: "
                f"pip install 'simclrv2_tf[{extra}]'"
            )


def check_size(network: keras.Model, formats: Iterable[str]) -> None:
    """Refuses formats whose file of floats cannot hold so many weights.

    Args:
      network: A `Network`.
      formats: Of `EXTRA_FORMATS`.

    Raises:
      ValueError: With the size.
    """
    size = _BYTES * network.count_params()
    for form in formats:
        if form in _OF_FLOATS and size >= _MOST_BYTES:
            raise ValueError(
                f"The export format {form!r} takes networks of less than "
                f"{_MOST_BYTES / 2**30:g} GiB of weights in float32. Received: "
                f"{size / 2**30:.1f} GiB; leave it out of `export_formats`."
            )


def file_of(form: str, directory: str) -> str:
    """Path of a format's file in a version's directory."""
    return os.path.join(directory, EXTRA_FORMATS[form][0])


def write(
    network: keras.Model,
    directory: str,
    formats: Iterable[str] = (),
    calibration: np.ndarray | None = None,
) -> None:
    """Writes `network.keras`, and the formats asked for.

    Args:
      network: A `Network`.
      directory: Where to.
      formats: Of `EXTRA_FORMATS`.
      calibration: Images of training, see `quantized.write`.

    Raises:
      ValueError: If a file answers other than the network, or cannot be
        written.
    """
    with tempfile.TemporaryDirectory() as local:  # writers know local paths
        network.save(os.path.join(local, KERAS_FILE))
        for form in formats:
            path = file_of(form, local)
            if form in quantized.INT8:
                quantized.write(network, path, form, calibration)
            else:
                _export(network, path, form)
        for name in os.listdir(local):
            kept = os.path.join(directory, name)
            tf.io.gfile.copy(os.path.join(local, name), kept)


def _export(network, path, form):
    config = network.get_config()
    shape = (config["image_size"], config["image_size"], config["channels"])
    spec = tf.TensorSpec([None, *shape], tf.float32, "images")
    with conversion_errors.of(form):
        network.export(path, form, verbose=False, input_signature=[spec])
    images = np.random.default_rng(0).random((2, *shape), np.float32)
    run = runtimes.open_file(path)
    if run is not None:
        with full_float32():
            endpoints = network(images, training=False)
        _compare(run(images), endpoints, os.path.basename(path))


def _compare(answers, endpoints, file):
    for name, expected in endpoints.items():
        expected = np.asarray(expected)
        scale = max(np.abs(expected).max(), 1.0)
        difference = np.abs(answers[name] - expected).max() / scale
        if not difference <= TOLERANCE:
            raise ValueError(
                f"Expected {file} to answer as the network within "
                f"{TOLERANCE}. Received: a difference of {difference:.2g} in "
                f"{name}; leave this format out of `export_formats`."
            )
