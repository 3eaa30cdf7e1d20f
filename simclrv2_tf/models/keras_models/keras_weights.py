"""Weights that a Keras backbone starts from."""

from __future__ import annotations

import itertools
import re

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.files.errors import first_line
from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models import keras_constants
from simclrv2_tf.models.keras_models import keras_imagenet_files
from simclrv2_tf.models.keras_models.keras_spec import FILE
from simclrv2_tf.models.keras_models.keras_spec import KERAS
from simclrv2_tf.models.keras_models.keras_spec import KERAS_HUB
from simclrv2_tf.models.keras_models.keras_spec import parse
from simclrv2_tf.models.keras_models.keras_spec import short
from simclrv2_tf.models.network import Network

RANDOM, IMAGENET = "random", "imagenet"
_FILES = (".weights.h5", ".h5")
# Layers that change nothing where a backbone answers: two networks that differ
# in them alone are the same, as the mean over pixels is taken of all.
_WITHOUT_EFFECT = re.compile(
    "ActivityRegularization|GaussianNoise|GlobalAveragePooling2D|Identity|"
    "InputLayer|Random.*|.*Dropout(2D)?"
)


def load_start(network: Network, weights: str | None) -> None:
    """Sets the weights of a Keras backbone.

    Args:
      network: A `Network` with one.
      weights: `RANDOM` or None for those that it has; `IMAGENET`; a preset of
        KerasHub; the path of a `.keras`, `.weights.h5` or `.h5`.

    Raises:
      ValueError: If there are none, or they do not fit. The network's are
        then as they were.
    """
    if weights in (None, "", RANDOM):
        return
    model = network.backbone.model
    if weights.endswith(_FILES):
        _load_file(model, weights)
        if _is_by_name(network):
            keras_imagenet_files.settle(model)
        return
    source = _model_with(network.get_config(), weights)
    scales = _take_in_scale(source) if _is_by_name(network) else []
    _check_fit(source, model, weights, scales)
    model.set_weights(source.get_weights())
    keras_constants.refresh(network)


def _load_file(model, path):
    if not tf.io.gfile.exists(path):
        raise ValueError(
            f"Expected a file of weights. Received: {path!r}, where there is "
            "nothing."
        )
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise several kinds
        raise ValueError(_misfit(path, model, first_line(error))) from error


def _model_with(config, weights):
    """A network of the same structure that has the weights."""
    text = config["backbone"]
    if weights == IMAGENET:
        if parse(text).kind != KERAS:
            raise ValueError(
                "Weights 'imagenet' are for networks of keras.applications. "
                f"Received: {short(text)}"
            )
        size, channels = config["image_size"], config["channels"]
        return keras_build.build(text, size, channels, IMAGENET)
    if weights.endswith(FILE) or weights.startswith(KERAS_HUB):
        return keras_build.load(parse(weights))
    raise ValueError(
        "Weights of a Keras backbone must be random, imagenet, or a file, "
        f".keras, .weights.h5 or .h5. Received: {weights!r}"
    )


def _is_by_name(network):
    """Whether a backbone is one of Keras's, which is made without weights."""
    return parse(network.get_config()["backbone"]).kind == KERAS


def _take_in_scale(model):
    """Merges scale layers into the normalization before; returns them.

    With the weights of ImageNet the EfficientNets of Keras have such a
    `Rescaling`, and without them they have none.
    """
    scales = []
    for norm, scale in itertools.pairwise(model.layers):
        if isinstance(norm, keras.layers.Normalization) and isinstance(
            scale, keras.layers.Rescaling
        ):
            variance = norm.adapt_variance.numpy() / np.square(scale.scale)
            norm.adapt_variance.assign(variance)
            scales.append(scale)
    return scales


def _check_fit(source, target, name, left_out):
    """Raises a ValueError unless the weights are those of the same layers."""
    shapes = [[tuple(v.shape) for v in m.weights] for m in (source, target)]
    if shapes[0] != shapes[1]:
        counts = " and ".join(str(len(each)) for each in shapes)
        raise ValueError(
            _misfit(name, target, f"they have {counts} arrays, or other shapes")
        )
    kinds = [_kinds(model, left_out) for model in (source, target)]
    if kinds[0] != kinds[1]:
        raise ValueError(_misfit(name, target, _first_difference(*kinds)))


def _kinds(model, left_out):
    """The kinds of its layers that have an effect, in their order."""
    layers = dict.fromkeys(_leaves(model))
    kinds = [type(layer).__name__ for layer in layers if layer not in left_out]
    return [kind for kind in kinds if not _WITHOUT_EFFECT.fullmatch(kind)]


def _leaves(layer):
    """Yields layers that are no models, those of models within in their order.

    Keras's own way through the layers turns the order of those within.
    """
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        if not isinstance(inner, keras.Model):
            yield inner
        yield from _leaves(inner)


def _first_difference(theirs, ours):
    pairs = enumerate(itertools.zip_longest(theirs, ours))
    number, (one, other) = next((n, p) for n, p in pairs if p[0] != p[1])
    return (
        f"layer {number} of theirs is {one or 'none'}, of the backbone "
        f"{other or 'none'}"
    )


def _misfit(name, model, reason):
    return (
        f"The weights of {name!r} do not fit the backbone {model.name!r} "
        f"({reason}): give those of the same network without its classifier."
    )
