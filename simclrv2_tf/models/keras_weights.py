"""Weights that a Keras backbone starts from."""

import tensorflow as tf

from simclrv2_tf.files.errors import first_line
from simclrv2_tf.models import keras_build
from simclrv2_tf.models.keras_spec import FILE
from simclrv2_tf.models.keras_spec import KERAS
from simclrv2_tf.models.keras_spec import KERAS_HUB
from simclrv2_tf.models.keras_spec import parse
from simclrv2_tf.models.keras_spec import short
from simclrv2_tf.models.network import Network

RANDOM, IMAGENET = "random", "imagenet"
_FILES = (".weights.h5", ".h5")


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
        return
    _copy(_model_with(network.get_config(), weights), model, weights)


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


def _copy(source, target, name):
    shapes = [[tuple(v.shape) for v in m.weights] for m in (source, target)]
    if shapes[0] != shapes[1]:
        counts = " and ".join(str(len(each)) for each in shapes)
        raise ValueError(
            _misfit(name, target, f"they have {counts} arrays, or other shapes")
        )
    target.set_weights(source.get_weights())


def _misfit(name, model, reason):
    return (
        f"The weights of {name!r} do not fit the backbone {model.name!r} "
        f"({reason}): give those of the same network without its classifier."
    )
