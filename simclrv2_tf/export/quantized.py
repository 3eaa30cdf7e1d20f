"""LiteRT and ONNX in whole numbers of 8 bits, weights and all in between.

Each layer's range is measured on calibration images. Images come in and
endpoints go out as floats, as in the other formats. Of the endpoints there
are those that are deployed, as each one costs a conversion to floats.

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference".
"""

from __future__ import annotations

import os
import tempfile

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.export import conversion_errors

LITERT, ONNX = "litert_int8", "onnx_int8"
INT8 = frozenset({LITERT, ONNX})
ENDPOINTS = ("final_avg_pool", "proj_head_output", "logits_sup")


def write(
    network: keras.Model, path: str, form: str, images: np.ndarray | None
) -> None:
    """Quantizes a network.

    Args:
      network: A `Network`.
      path: Of the file.
      form: Of `INT8`.
      images: Of training, to calibrate on, float32 (count, height, width,
        channels) in [0, 1], of the network's size.

    Raises:
      ValueError: If there are no such images, or weights are not finite.
    """
    check(network, form, images)
    images = np.asarray(images)
    endpoints = {n: network.output[n] for n in ENDPOINTS if n in network.output}
    model = keras.Model(network.input, endpoints)
    spec = tf.TensorSpec([None, *images.shape[1:]], tf.float32, "images")
    kind = _write_litert if form == LITERT else _write_onnx
    with conversion_errors.of(form):
        kind(model, path, spec, images)


def _write_litert(model, path, spec, images):
    model.export(
        path,
        "litert",
        verbose=False,
        input_signature=[spec],
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=lambda: ([image[None]] for image in images),
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
    )


def _write_onnx(model, path, spec, images):
    """Ranges from 0 to 255: x86 has instructions for those times signed."""
    from onnxruntime import quantization

    examples = ({"images": image[None]} for image in images)

    class Reader(quantization.CalibrationDataReader):
        def get_next(self):
            return next(examples, None)

    with tempfile.TemporaryDirectory() as directory:
        floats = os.path.join(directory, "network.onnx")
        model.export(floats, "onnx", verbose=False, input_signature=[spec])
        quantization.quantize_static(
            floats,
            path,
            Reader(),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )


def check(network: keras.Model, form: str, images: np.ndarray | None) -> None:
    """Raises the errors of `write` before anything is done."""
    config = network.get_config()
    shape = (config["image_size"], config["image_size"], config["channels"])
    shown = None if images is None else np.shape(images)
    if not shown or shown[1:] != shape or not shown[0]:
        raise ValueError(
            f"The export format {form!r} is calibrated on images of shape "
            f"(count, {', '.join(map(str, shape))}), at least one. Received: "
            f"images of shape {shown}"
        )
    wrong = [n for n, v in network.named_variables().items() if not _finite(v)]
    if wrong:
        raise ValueError(
            f"The export format {form!r} needs weights that are finite "
            f"numbers. Received: others in {wrong[0]!r}; export an earlier "
            "checkpoint."
        )


def _finite(variable):
    return bool(np.isfinite(np.asarray(variable)).all())
