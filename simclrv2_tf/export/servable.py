"""The object that a SavedModel holds: to call, to train, to put layers on."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from simclrv2_tf.export.labels import make_table


def make_servable(
    network: keras.Model,
    prepare: Callable[[tf.Tensor], tf.Tensor],
    labels: str | None = None,
) -> tf.train.Checkpoint:
    """Wraps a network for `tf.saved_model.save`.

    Args:
      network: A `Network`.
      prepare: Function from encoded bytes (string scalar) to one image as
        evaluation sees it, float32 in [0, 1].
      labels: Path of a label file, if the network has classes.

    Returns:
      A `tf.train.Checkpoint` with
        `__call__(images, trainable=False, training=False)`: endpoints of
          float images in [0, 1], as float32; either of the two, the original's
          word and Keras's, trains;
        `inference(images)` and `training(images)`: the two of which that is
          made, concrete functions;
        `preprocess(encoded)`: encoded images (batch,) as evaluation sees them;
        `variables`, `trainable_variables`, and the latter also under the
          original's name, `trainable_variables_list`;
        `noise`: states of what is random in training, such as dropout;
        `class_names`: table from class numbers to names.
    """
    servable = tf.train.Checkpoint()  # the kind that keeps lists of variables
    variables = list(network.named_variables().values())
    servable.variables = [v.value for v in variables]
    servable.trainable_variables = [v.value for v in variables if v.trainable]
    servable.trainable_variables_list = servable.trainable_variables
    servable.noise = [v.value for v in network.noise]
    if labels is not None:
        servable.class_names = make_table(labels)
    _add_calls(servable, network)
    servable.preprocess = _preprocess(network, prepare)
    return servable


def concrete(
    function: Callable[..., Any], spec: tf.TypeSpec
) -> Callable[..., Any]:
    """Traces a function of one input."""
    compiled = tf.function(function, input_signature=[spec], autograph=False)
    return compiled.get_concrete_function()


def image_spec(
    network: keras.Model, dtype: tf.DType = tf.float32
) -> tf.TensorSpec:
    """What a batch of a network's images is, of any number and size.

    Args:
      network: A `Network`.
      dtype: Of the pixels.

    Returns:
      A specification (batch, height, width, channels), named "images".
    """
    channels = network.get_config()["channels"]
    return tf.TensorSpec([None, None, None, channels], dtype, "images")


def _add_calls(servable, network):
    images = image_spec(network)

    def endpoints(images, training):
        outputs = network(images, training=training)
        return {name: tf.cast(v, tf.float32) for name, v in outputs.items()}

    with _on_one_replica(network):
        inference = concrete(lambda images: endpoints(images, False), images)
        training = concrete(lambda images: endpoints(images, True), images)

    servable.__call__ = _either(inference, training, images)
    servable.inference, servable.training = inference, training


def _either(in_inference, in_training, spec):
    """One callable that dispatches on `trainable` / `training`.

    `tensorflow_hub.KerasLayer` looks for an argument called `training`, and
    without one keeps the moving statistics of normalization.
    """

    @tf.function(autograph=False)
    def call(images, trainable=False, training=False):
        trains = trainable or training
        return in_training(images) if trains else in_inference(images)

    for ways in itertools.product((False, True), repeat=2):
        call.get_concrete_function(spec, *ways)
    return call


@contextlib.contextmanager
def _on_one_replica(network):
    """Takes moments on one replica: a SavedModel has no sums over replicas."""
    synchronized = [
        layer
        for layer in network._flatten_layers()
        if getattr(layer, "synchronized", False)
    ]
    for layer in synchronized:
        layer.synchronized = False
    try:
        yield
    finally:
        for layer in synchronized:
            layer.synchronized = True


def _preprocess(network, prepare):
    config = network.get_config()
    size, channels = config["image_size"], config["channels"]
    image = tf.TensorSpec([size, size, channels], tf.float32)
    return concrete(
        lambda encoded: tf.map_fn(prepare, encoded, fn_output_signature=image),
        tf.TensorSpec([None], tf.string, "encoded"),
    )
