"""Keras models that a job or a run has begun with: their files stay."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from simclrv2_tf.files import keras_files
from simclrv2_tf.files.layer_names import uncounted
from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.models.keras_models.keras_build import as_json
from simclrv2_tf.models.keras_models.keras_build import load
from simclrv2_tf.models.keras_models.keras_spec import parse
from simclrv2_tf.recipes.record import is_job

_TEACHER = "teacher"  # its weights count all along, others' at the start alone


def as_begun(
    options: Mapping[str, Any], directory: str | None
) -> dict[str, Any]:
    """Options with the files that are there in place of the models they hold.

    A call that is refused leaves a job, or a run, the models that it goes on
    with.

    Args:
      options: Fields of `Config`, see `keras_files.in_files`.
      directory: Of the job or the run; nothing changes before there is one.

    Raises:
      ValueError: If it began with another model.
    """
    kept = dict(options)
    names = [n for n in keras_files.OPTIONS if _holds_model(kept.get(n))]
    if directory is None or not names or not _has_begun(directory):
        return kept
    return kept | {name: _kept(name, kept[name], directory) for name in names}


def _holds_model(value):
    values = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(each, keras.Model) for each in values)


def _has_begun(directory):
    run = tf.io.gfile.exists(os.path.join(directory, FLAGS))
    return run or is_job(directory)


def _kept(name, value, directory):
    """The value of an option, a file in place of each model that has one."""
    several = isinstance(value, list | tuple)
    values = list(value) if several else [value]
    names = keras_files.names(name, len(values))
    kept = [
        _file_of(each, model, directory)
        for each, model in zip(names, values, strict=True)
    ]
    return kept if several else kept[0]


def _file_of(name, model, directory):
    path = os.path.join(directory, f"{name}.keras")
    if not isinstance(model, keras.Model) or not tf.io.gfile.exists(path):
        return model
    differs = _difference(name, load(parse(path)), model)
    if differs:
        what = "job" if is_job(directory) else "run"
        raise ValueError(
            f"`{name}` must be the keras.Model that the {what} began with, "
            f"which {path!r} holds. Received: {model.name!r} of other "
            f"{differs}; give the model as it was then, the path of that "
            "file, or another `model_dir`."
        )
    return path


def _difference(name, before, model):
    """What a model has other than the one before, "" for nothing.

    Networks that are trained have the weights of a checkpoint by then: a
    script that makes them again may draw others.
    """
    if _layers(before) != _layers(model):
        return "layers"
    if name.startswith(_TEACHER) and _weights(before) != _weights(model):
        return "weights"
    return ""


def _layers(model):
    """A model's architecture, however it was built and its layers counted."""
    described = json.loads(as_json(model), object_hook=_without_seed)
    described.pop("build_config", None)
    return uncounted(json.dumps(described))


def _without_seed(part):
    """A part of a config without its seed, which some layers draw."""
    return {name: value for name, value in part.items() if name != "seed"}


def _weights(model):
    return [(w.shape, w.tobytes()) for w in model.get_weights()]
