"""Keras models that Python callers hand over, as files beside a run."""

import os
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import first_line

OPTIONS = ("backbone", "student", "teacher")  # that name a network


def in_files(options: Mapping[str, Any], directory: str | None) -> dict:
    """Options with the paths of files in place of Keras models.

    A run that goes on reads its networks anew, and so they need to be
    somewhere: `backbone.keras`, `student.keras`, `teacher.keras`,
    `teacher-2.keras` and so on. A file that is there is written anew; see
    `kept_networks.as_begun`, which keeps those of a job or a run.

    Args:
      options: Fields of `Config`; of `OPTIONS` each may be text, a path, a
        `keras.Model`, or for "teacher" a list of them.
      directory: Of the run.

    Raises:
      ValueError: If a model cannot be saved.
    """
    kept = dict(options)
    for name in OPTIONS:
        if kept.get(name) is not None:
            kept[name] = _texts(name, kept[name], directory)
    return kept


def names(option: str, count: int) -> list[str]:
    """Names of the files of an option's models, without their ending."""
    numbered = [f"{option}-{number}" for number in range(2, count + 1)]
    return [option, *numbered][:count]


def _texts(option, value, directory):
    several = list(value) if isinstance(value, list | tuple) else [value]
    named = zip(names(option, len(several)), several, strict=True)
    return ",".join(_text(each, name, directory) for name, each in named)


def _text(value, name, directory):
    import keras

    if not isinstance(value, keras.Model):
        return os.fspath(value)
    if directory is None:
        raise ValueError(
            f"`{name}` as a keras.Model is kept in `model_dir`: give one."
        )
    path = os.path.join(directory, f"{name}.keras")
    with atomic.files(path) as staged:
        _save(value, staged)
    return path


def _save(model, path):
    try:
        model.save(path)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            f"The keras.Model {model.name!r} cannot be saved "
            f"({first_line(error)}): give its layers a `get_config`, and "
            "register them with keras.saving.register_keras_serializable()."
        ) from error
