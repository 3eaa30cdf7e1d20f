"""From the text of a Keras network to the network, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras

from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.models.keras_models.keras_spec import FILE
from simclrv2_tf.models.keras_models.keras_spec import JSON
from simclrv2_tf.models.keras_models.keras_spec import KERAS
from simclrv2_tf.models.keras_models.keras_spec import KERAS_HUB
from simclrv2_tf.models.keras_models.keras_spec import Spec
from simclrv2_tf.models.keras_models.keras_spec import constructor
from simclrv2_tf.models.keras_models.keras_spec import parse
from simclrv2_tf.models.keras_models.keras_spec import short


class MissingKerasHub(ValueError):
    """KerasHub is needed and cannot be imported."""


class NoSuchFile(ValueError):
    """A network is named by a file that is not there."""


def canonical(text: str | keras.Model, model: keras.Model | None = None) -> str:
    """The text under which a backbone is kept: of `keras:` or JSON.

    Args:
      text: A specification, or a `keras.Model`.
      model: The network, where it is made already.

    Raises:
      ValueError: If there is no such network.
    """
    if isinstance(text, keras.Model):
        return as_json(text)
    spec = parse(text)
    if spec.kind == KERAS:
        constructor(spec)
        return str(spec)
    return text if spec.kind == JSON else as_json(model or load(spec))


def as_json(model: keras.Model) -> str:
    """A model's architecture as JSON, without how it was compiled.

    Raises:
      ValueError: If it cannot be serialized, as with classes that have no
        `get_config`.
    """
    try:
        described = keras.saving.serialize_keras_object(model)
        described.pop("compile_config", None)
        return json.dumps(described)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            f"The network {model.name!r} cannot be described as JSON, which "
            f"runs and files keep ({first_line(error)}): give its layers a "
            "`get_config`, and register them with "
            "keras.saving.register_keras_serializable()."
        ) from None


def build(
    text: str, image_size: int, channels: int, weights: str | None = None
) -> keras.Model:
    """The network without its classifier.

    Args:
      text: A specification.
      image_size: Side of the images in pixels, for `keras:`.
      channels: Of the images, for `keras:`.
      weights: "imagenet" for those that Keras fetches; None for random ones,
        or for those in the file or preset.

    Returns:
      A `keras.Model`.

    Raises:
      ValueError: If there is no such network, or it cannot be made.
    """
    spec = parse(text)
    if spec.kind != KERAS:
        return load(spec)
    return construct(
        spec,
        constructor(spec),
        include_top=False,
        weights=weights,
        input_shape=(image_size, image_size, channels),
    )


def construct(
    spec: Spec, function: Callable[..., keras.Model], **settled: Any
) -> keras.Model:
    """Calls a constructor; its errors become a sentence.

    Raises:
      ValueError: If it refuses, or weights cannot be fetched.
    """
    try:
        return function(**spec.arguments, **settled)
    except Exception as error:  # Keras raises that class when it fetches
        if "URL fetch failure" in str(error):
            raise ValueError(_offline(spec, error)) from None
        raise ValueError(
            f"{spec} cannot be made ({first_line(error)}): change its "
            "arguments, --image_size or --channels."
        ) from error


def _offline(spec, error):
    home = os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras"))
    url = first_line(error).split("URL fetch failure on ")[1].split(": ")[0]
    return (
        f"The weights of {spec} could not be fetched from {url}: fetch the "
        "file elsewhere and give its path in place of 'imagenet', or put it "
        f"into {os.path.join(home, 'models')}."
    )


def load(spec: Spec) -> keras.Model:
    """The model in a file, of a preset, or that JSON describes.

    Raises:
      ValueError: If it cannot be read.
    """
    return _loaded(spec, _LOADERS[spec.kind])


def load_classifier(spec: Spec) -> keras.Model:
    """The classifier of a preset of KerasHub, with its weights.

    Raises:
      ValueError: If it cannot be read.
    """
    return _loaded(spec, _classifier_from_preset)


def _loaded(spec, loader):
    try:
        return loader(spec.name)
    except (MissingKerasHub, NoSuchFile):
        raise
    except Exception as error:  # whatever custom layers and Keras raise
        raise ValueError(
            f"{short(str(spec))} cannot be read as a Keras model "
            f"({first_line(error)}): save it with model.save('x.keras'), its "
            "own layers registered and imported."
        ) from error


def _from_file(path):
    if not os.path.exists(path) and not is_remote(path):
        raise NoSuchFile(f"There is no file {path!r}: look at its path.")
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _from_json(text):
    described = json.loads(text)
    if str(described.get("module")).startswith("keras_hub"):
        keras_hub()
    return keras.saving.deserialize_keras_object(described, safe_mode=True)


def _from_preset(name):
    return keras_hub().models.Backbone.from_preset(name)


def _classifier_from_preset(name):
    return keras_hub().models.ImageClassifier.from_preset(name)


def keras_hub() -> ModuleType:
    """The module KerasHub.

    Raises:
      MissingKerasHub: If it is not installed, with what to do.
    """
    try:
        import keras_hub
    except ImportError as error:
        raise MissingKerasHub(
            "Networks of KerasHub need it installed: pip install "
            f"'simclrv2_tf[keras-hub]' ({first_line(error)})."
        ) from None
    return keras_hub


_LOADERS = {FILE: _from_file, JSON: _from_json, KERAS_HUB: _from_preset}
