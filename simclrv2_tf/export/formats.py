"""The same network for other runtimes: Keras, ONNX and LiteRT.

Keras's own exporters write them. ONNX and LiteRT take float images of the
network's size, any number at once, and are compared with the network where
their runtimes are installed.
"""

import importlib.util
import os
import tempfile

import numpy as np
import tensorflow as tf

KERAS_FILE = "network.keras"
TOLERANCE = (
    1e-4  # largest difference from Keras, relative to the largest value or 1
)
# Format -> (file, packages that write it, extra of setup.cfg).
EXTRA_FORMATS = {
    "onnx": ("network.onnx", ("tf2onnx", "onnx"), "onnx"),
    "litert": ("network.tflite", (), "litert"),
}


def check_installed(formats):
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
        missing = [p for p in packages if not _is_installed(p)]
        if missing:
            raise ValueError(
                f"The export format {form!r} needs {' and '.join(missing)}: "
                f"pip install 'simclrv2_tf[{extra}]'"
            )


def _is_installed(package):
    return importlib.util.find_spec(package) is not None


def write(network, directory, formats=()):
    """Writes `network.keras`, and the formats asked for.

    Args:
      network: A `Network`.
      directory: Where to.
      formats: Of `EXTRA_FORMATS`.

    Raises:
      ValueError: If a file answers other than the network.
    """
    with tempfile.TemporaryDirectory() as local:  # writers know local paths
        network.save(os.path.join(local, KERAS_FILE))
        for form in formats:
            _export(network, os.path.join(local, EXTRA_FORMATS[form][0]), form)
        for name in os.listdir(local):
            kept = os.path.join(directory, name)
            tf.io.gfile.copy(os.path.join(local, name), kept)


def _export(network, path, form):
    config = network.get_config()
    shape = (config["image_size"], config["image_size"], config["channels"])
    spec = tf.TensorSpec([None, *shape], tf.float32, "images")
    network.export(path, form, verbose=False, input_signature=[spec])
    images = np.random.default_rng(0).random((2, *shape), np.float32)
    answers = _RUN[form](path, images)
    if answers is not None:
        _compare(
            answers, network(images, training=False), os.path.basename(path)
        )


def _run_onnx(path, images):
    """Endpoints by ONNX Runtime; None if that is not installed."""
    if not _is_installed("onnxruntime"):
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    values = session.run(names, {"images": images})
    return dict(zip(names, values, strict=True))


def _run_litert(path, images):
    """Endpoints by the LiteRT interpreter; None if that is not installed."""
    if not _is_installed("ai_edge_litert"):
        return None
    from ai_edge_litert import interpreter

    return interpreter.Interpreter(path).get_signature_runner()(images=images)


_RUN = {"onnx": _run_onnx, "litert": _run_litert}


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
