"""A SavedModel to serve, and to build upon."""

import json
import os

import tensorflow as tf

TOP = 5  # classes that a served answer names


def export_network(network, directory, version, prepare, names=None, keep=1):
    """Writes `<directory>/<version>/`, a SavedModel.

    Called as `m(images, trainable=False)` it gives the endpoints, as the
    original release's exports do; with `trainable=True` normalization uses
    and advances the batch's statistics and all variables have gradients.
    Signatures: `serving_default` takes encoded images ("encoded", string) and
    gives `probabilities`, and the best classes as `classes` (string) and
    `scores`; `images` takes float images in [0, 1]; `embed` takes encoded
    images and gives `final_avg_pool` and `proj_head_output`. Nothing random
    is baked in.

    Args:
      network: A `Network`, all of whose layers are trainable.
      directory: Where versions are.
      version: Whole number, 0 or more: the step of the weights.
      prepare: Function from encoded bytes (string scalar) to one image as
        evaluation sees it.
      names: Names of the classes; numbers unless given.
      keep: Versions that stay, the newest.

    Returns:
      The path that was written.
    """
    target = os.path.join(directory, str(version))
    beside = os.path.join(directory, f".{version}.tmp")
    tf.io.gfile.makedirs(directory)
    if tf.io.gfile.exists(beside):
        tf.io.gfile.rmtree(beside)
    root, signatures = _servable(network, prepare, names)
    tf.saved_model.save(root, beside, signatures=signatures)
    with tf.io.gfile.GFile(os.path.join(beside, "network.json"), "w") as file:
        json.dump(network.get_config(), file, indent=2)
    if tf.io.gfile.exists(target):
        tf.io.gfile.rmtree(target)
    tf.io.gfile.rename(beside, target)
    _forget(directory, keep)
    return target


def _servable(network, prepare, names):
    """The object that is saved, and its signatures."""
    channels = network.get_config()["channels"]
    images = tf.TensorSpec([None, None, None, channels], tf.float32, "images")
    encoded = tf.TensorSpec([None], tf.string, "encoded")

    def call(images, trainable=False):
        return network(images, training=trainable)

    def endpoints(images):
        return call(images)

    def prepared(encoded):
        size = network.get_config()["image_size"]
        spec = tf.TensorSpec([size, size, channels], tf.float32)
        return tf.map_fn(prepare, encoded, fn_output_signature=spec)

    def embed(encoded):
        outputs = call(prepared(encoded))
        wanted = ("final_avg_pool", "proj_head_output")
        return {key: outputs[key] for key in wanted}

    def classify(encoded):
        return _answer(call(prepared(encoded))["logits_sup"], class_names)

    root = tf.train.Checkpoint()
    variables = list(network.named_variables().values())
    root.variables = [v.value for v in variables]
    root.trainable_variables = [v.value for v in variables if v.trainable]
    root.trainable_variables_list = root.trainable_variables
    root.__call__ = tf.function(call)
    for trainable in (False, True):
        root.__call__.get_concrete_function(images, trainable=trainable)
    signatures = {
        "images": tf.function(endpoints).get_concrete_function(images),
        "embed": tf.function(embed).get_concrete_function(encoded),
    }
    signatures["serving_default"] = signatures["embed"]
    if network.supervised_head is not None:
        count = network.get_config()["num_classes"]
        root.class_names = tf.Variable(
            list(names or map(str, range(count))), trainable=False
        )
        class_names = root.class_names
        signatures["serving_default"] = tf.function(
            classify
        ).get_concrete_function(encoded)
    return root, signatures


def _answer(logits, names):
    probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
    scores, best = tf.math.top_k(probabilities, min(TOP, logits.shape[-1]))
    return {
        "probabilities": probabilities,
        "classes": tf.gather(names, best),
        "scores": scores,
    }


def _forget(directory, keep):
    versions = sorted(
        int(name.rstrip("/"))
        for name in tf.io.gfile.listdir(directory)
        if name.rstrip("/").isdigit()
    )
    for version in versions[:-keep]:
        tf.io.gfile.rmtree(os.path.join(directory, str(version)))
