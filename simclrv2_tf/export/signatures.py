"""What a server answers: named signatures, batch-major throughout."""

from __future__ import annotations

import os
from collections.abc import Callable

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from simclrv2_tf.export.servable import concrete
from simclrv2_tf.export.servable import image_spec

TOP = 5  # classes that an answer names, unless told otherwise
# Names under which TFRecords hold an encoded image: ImageNet's, and TFDS's.
EXAMPLE_FEATURES = ("image/encoded", "image")
_EMBEDDED = ("final_avg_pool", "proj_head_output")
_CLASSIFY_METHOD = "tensorflow/serving/classify"


def make_signatures(
    servable: tf.train.Checkpoint,
    network: keras.Model,
    top: int = TOP,
    temperature: float = 1.0,
) -> dict[str, Callable[..., dict[str, tf.Tensor]]]:
    """The signatures of an exported network.

    The first dimension of every input and output is the batch's.

    Args:
      servable: What `make_servable` made of the network.
      network: A `Network`.
      top: Classes that an answer names, at most all.
      temperature: Of the probabilities: what logits are divided by first. The
        order of classes is that of the logits, whatever it is.

    Returns:
      Dictionary of concrete functions:
        `serving_default`: `encoded` images (batch,) of any format and size to
          `probabilities` (batch, classes), and the best classes' names as
          `classes` (batch, top) and their probabilities as `scores`, both at
          the temperature. A network without classes answers as `embed` does;
        `images`: `images` float32 (batch, height, width, channels) in [0, 1]
          to all endpoints;
        `images_uint8`: the same for uint8 in 0 to 255;
        `embed`: `encoded` images to `final_avg_pool` and `proj_head_output`;
        `classify`: serialized tf.Examples (batch,) as `inputs` to `classes`
          and `scores`, for the server's classification calls.
    """

    def endpoints(encoded):
        return servable.inference(servable.preprocess(encoded))

    def images(images):
        floats = tf.image.convert_image_dtype(images, tf.float32)
        return servable.inference(floats)

    def embed(encoded):
        outputs = endpoints(encoded)
        return {name: outputs[name] for name in _EMBEDDED}

    def serving_default(encoded):
        logits = endpoints(encoded)["logits_sup"]
        return _answer(logits, servable.class_names, top, temperature)

    def classify(inputs):
        answer = serving_default(_encoded_in(inputs))
        return {name: answer[name] for name in ("classes", "scores")}

    encoded = tf.TensorSpec([None], tf.string, "encoded")
    signatures = {
        "images": concrete(images, image_spec(network)),
        "images_uint8": concrete(images, image_spec(network, tf.uint8)),
        "embed": concrete(embed, encoded),
    }
    signatures["serving_default"] = signatures["embed"]
    if network.supervised_head is not None:
        examples = tf.TensorSpec([None], tf.string, "inputs")
        signatures["serving_default"] = concrete(serving_default, encoded)
        signatures["classify"] = concrete(classify, examples)
    return signatures


def _answer(logits, names, top, temperature):
    """Probabilities of all classes, and the best by name."""
    probabilities = tf.nn.softmax(logits / temperature)
    _, best = tf.math.top_k(logits, min(top, logits.shape[-1]))
    scores = tf.gather(probabilities, best, batch_dims=1)
    return {
        "probabilities": probabilities,
        "classes": names.lookup(tf.cast(best, tf.int64)),
        "scores": scores,
    }


def _encoded_in(examples):
    """The encoded images (batch,) of serialized tf.Examples."""
    feature = tf.io.FixedLenFeature([], tf.string, default_value="")
    parsed = tf.io.parse_example(
        examples, dict.fromkeys(EXAMPLE_FEATURES, feature)
    )
    usual, other = (parsed[name] for name in EXAMPLE_FEATURES)
    encoded = tf.where(usual == "", other, usual)
    names = " or ".join(f"`{name}`" for name in EXAMPLE_FEATURES)
    assertion = tf.raw_ops.Assert(
        condition=tf.reduce_all(encoded != ""),
        data=[f"Expected tf.Examples with an encoded image as {names}."],
    )
    with tf.control_dependencies([assertion]):
        return tf.identity(encoded)


def name_methods(directory: str) -> None:
    """Names the method of `classify`, which the server asks for.

    Args:
      directory: Of a SavedModel, which is rewritten.
    """
    path = os.path.join(directory, tf.saved_model.SAVED_MODEL_FILENAME_PB)
    model = saved_model_pb2.SavedModel()
    with tf.io.gfile.GFile(path, "rb") as file:
        model.ParseFromString(file.read())
    for graph in model.meta_graphs:
        if "classify" in graph.signature_def:
            graph.signature_def["classify"].method_name = _CLASSIFY_METHOD
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
