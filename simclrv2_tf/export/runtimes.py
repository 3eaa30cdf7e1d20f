"""The runtimes that answer with exported files: ONNX Runtime and LiteRT."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from simclrv2_tf.machine.cores import cores


def is_installed(package: str) -> bool:
    """Whether a package can be imported, which is not done."""
    return importlib.util.find_spec(package) is not None


def open_file(path: str) -> Callable[..., dict[str, np.ndarray]] | None:
    """A function that answers with an exported file.

    Args:
      path: Of a file that ends in ".onnx" or ".tflite", near or remote.

    Returns:
      Function from float32 images (batch, height, width, channels), and the
      names of the endpoints that are wanted (None for all), to a dictionary
      of arrays; None if the runtime is not installed.
    """
    package, opened = (
        ("onnxruntime", _onnx)
        if path.endswith(".onnx")
        else ("ai_edge_litert", _litert)
    )
    if not is_installed(package):
        return None
    with tf.io.gfile.GFile(path, "rb") as file:
        return opened(file.read())


def _onnx(data):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        data, providers=["CPUExecutionProvider"]
    )
    endpoints = [output.name for output in session.get_outputs()]

    def run(images, names=None):
        names = names or endpoints
        values = session.run(names, {"images": images})
        return dict(zip(names, values, strict=True))

    return run


def _litert(data):
    from ai_edge_litert import interpreter

    model = interpreter.Interpreter(model_content=data, num_threads=cores())
    model.allocate_tensors()  # for one image, until others come
    runner = model.get_signature_runner()
    given = runner.get_input_details()["images"]["index"]
    endpoints = {
        name: about["index"]
        for name, about in runner.get_output_details().items()
    }

    def run(images, names=None):
        if tuple(model.get_input_details()[0]["shape"]) != images.shape:
            model.resize_tensor_input(given, images.shape)
            model.allocate_tensors()
        model.set_tensor(given, images)
        model.invoke()
        return {n: model.get_tensor(endpoints[n]) for n in names or endpoints}

    return run
