"""Requests that TensorFlow Serving replays before it answers others.

The file is a TFRecord of `PredictionLog`, a message of TensorFlow Serving. Of
its fields few are needed and all of those are other messages or text, so they
are put together here: tensorflow-serving-api would be a dependency for a few
lines. Numbers of fields are those of prediction_log.proto, predict.proto,
classification.proto, input.proto and model.proto.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.files.errors import file_errors

FOLDER, FILE = "assets.extra", "tf_serving_warmup_requests"
MODEL_NAME = "simclrv2"
# PredictionLog: its kinds of log, and in each of those the request.
_CLASSIFY_LOG, _PREDICT_LOG, _REQUEST = 2, 6, 1
# PredictRequest and ClassificationRequest.
_MODEL_SPEC, _INPUTS, _INPUT = 1, 2, 2
_NAME, _SIGNATURE = 1, 3  # ModelSpec
_KEY, _VALUE = 1, 2  # entries of a map
_EXAMPLE_LIST, _EXAMPLES = 1, 1  # Input, ExampleList
_SIDE = 256  # pixels of an encoded image


def write_records(
    directory: str,
    signatures: Mapping[str, Any],
    channels: int = 3,
    image_size: int = _SIDE,
) -> None:
    """Writes a request for each signature, of one image.

    Args:
      directory: Of a SavedModel.
      signatures: See `make_signatures`.
      channels: Of the network's images; those of neither 1 nor 3 travel as
        serialized tensors.
      image_size: Side in pixels of images that are sent as pixels: a Keras
        backbone takes one size alone. Encoded ones are resized.

    Raises:
      ValueError: If they cannot be written.
    """
    image = _jpeg() if channels in (1, 3) else _tensor(channels)
    folder = os.path.join(directory, FOLDER)
    path = os.path.join(folder, FILE)
    with file_errors(path, "written"):
        tf.io.gfile.makedirs(folder)
        with tf.io.TFRecordWriter(path) as writer:
            for name, function in signatures.items():
                writer.write(_record(name, function, image, image_size))


def _record(signature, function, image, image_size):
    spec = _field(_NAME, MODEL_NAME) + _field(_SIGNATURE, signature)
    if signature == "classify":
        examples = _field(_EXAMPLES, _example(image))
        request = _field(_MODEL_SPEC, spec)
        request += _field(_INPUT, _field(_EXAMPLE_LIST, examples))
        return _field(_CLASSIFY_LOG, _field(_REQUEST, request))
    inputs = _inputs(function, image, image_size)
    request = _field(_MODEL_SPEC, spec) + inputs
    return _field(_PREDICT_LOG, _field(_REQUEST, request))


def _inputs(function, image, image_size):
    """The map of a request's inputs, here always one."""
    (spec,), _ = function.structured_input_signature
    tensor = tf.make_tensor_proto(_value(spec, image, image_size))
    return _field(
        _INPUTS,
        _field(_KEY, spec.name) + _field(_VALUE, tensor.SerializeToString()),
    )


def _value(spec, image, image_size):
    if spec.dtype == tf.string:
        return np.array([image], object)
    shape = (1, image_size, image_size, spec.shape[-1])
    return np.zeros(shape, spec.dtype.as_numpy_dtype)


def _jpeg():
    grey = np.full((_SIDE, _SIDE, 3), 128, np.uint8)
    return tf.io.encode_jpeg(grey).numpy()


def _tensor(channels):
    zeros = tf.zeros([_SIDE, _SIDE, channels], tf.float32)
    return tf.io.serialize_tensor(zeros).numpy()


def _example(image):
    value = tf.train.BytesList(value=[image])
    feature = {"image/encoded": tf.train.Feature(bytes_list=value)}
    features = tf.train.Features(feature=feature)
    return tf.train.Example(features=features).SerializeToString()


def _field(number, value):
    """A field of bytes, text or another message, in the wire format."""
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number):
    """Seven bits a byte, the lowest first; the highest bit goes on."""
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])
