"""Keras models that a job has begun with: their files stay as they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import keras

from simclrv2_tf.files import keras_files
from simclrv2_tf.files.layer_names import uncounted
from simclrv2_tf.models.keras_build import as_json
from simclrv2_tf.models.keras_build import load
from simclrv2_tf.models.keras_spec import parse
from simclrv2_tf.recipes.record import is_job


def as_begun(
    options: Mapping[str, Any], directory: str | None
) -> dict[str, Any]:
    """Options with the job's own files in place of the models that they hold.

    A call that is refused leaves the job the models that it goes on with.

    Args:
      options: Fields of `Config`, see `keras_files.in_files`.
      directory: Of the job; nothing changes before there is one.

    Raises:
      ValueError: If the job began with another model.
    """
    kept = dict(options)
    if directory is None or not is_job(directory):
        return kept
    for name in keras_files.OPTIONS:
        path = os.path.join(directory, f"{name}.keras")
        model = kept.get(name)
        if isinstance(model, keras.Model) and os.path.exists(path):
            _check_same(name, model, path)
            kept[name] = path
    return kept


def _check_same(name, model, path):
    if uncounted(as_json(load(parse(path)))) != uncounted(as_json(model)):
        raise ValueError(
            f"`{name}` must be the keras.Model that the job began with, which "
            f"{path!r} holds. Received: {model.name!r} of other layers; give "
            "the model as it was then, or another `model_dir`."
        )
