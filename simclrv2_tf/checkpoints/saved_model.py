"""SavedModels: their variables are read, their graphs never run."""

from __future__ import annotations

import json
import os
from typing import Any

import tensorflow as tf

from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.bundle import Bundle
from simclrv2_tf.files.run_files import NETWORK
from simclrv2_tf.files.run_files import VERSIONS

_MARKS = ("saved_model.pb", "saved_model.pbtxt", "tfhub_module.pb")
_BELOW = (VERSIONS, "hub")
_VARIABLES = "variables/variables"
_NAMES = "variables"  # in there, of a Keras backbone's network
_CONSTANTS = "constants"  # whether it computes with those of Keras's layers


def find(directory: str) -> str | None:
    """The SavedModel that a directory means.

    That is itself, its newest version, or what is below its `saved_model` or
    `hub`, where runs and the release keep theirs.

    Returns:
      A directory, or None if there is no SavedModel.
    """
    candidates = [directory, *_paths(directory, _BELOW)]
    return next(filter(None, map(_itself_or_newest, candidates)), None)


def _itself_or_newest(directory):
    if not tf.io.gfile.isdir(directory):
        return None
    if any(map(tf.io.gfile.exists, _paths(directory, _MARKS))):
        return directory
    names = (n.rstrip("/") for n in tf.io.gfile.listdir(directory))
    versions = sorted((int(n) for n in names if n.isdecimal()), reverse=True)
    for version in versions:
        below = os.path.join(directory, str(version))
        if any(map(tf.io.gfile.exists, _paths(below, _MARKS))):
            return below
    return None


def _paths(directory, names):
    return [os.path.join(directory, name) for name in names]


def prefix(directory: str) -> str:
    """Prefix of the checkpoint that holds a SavedModel's variables.

    Raises:
      ValueError: If they are missing.
    """
    path = os.path.join(directory, _VARIABLES)
    if not tf.io.gfile.exists(path + ".index"):
        raise ValueError(
            f"{directory!r} cannot be read: the SavedModel lacks "
            f"{_VARIABLES}.index; copy the whole directory."
        )
    return path


def read_ours(directory: str) -> tuple[Arrays, dict[str, Any]]:
    """Reads a SavedModel that `simclrv2_tf.export` wrote.

    Returns:
      `Arrays` of canonical names, and the arguments of `Network`.

    Raises:
      ValueError: If it lacks a file, or its files do not fit together.
    """
    arguments = _arguments(directory)
    names = arguments.pop(_NAMES, None) or layout.shapes(arguments)
    bundle = Bundle(prefix(directory))
    graph = tf2.object_graph(bundle)
    keys: dict[str, Any] = {
        name: tf2.key(graph, 0, f"variables/{place}")
        for place, name in enumerate(names)
    }
    if None in keys.values():
        raise ValueError(
            f"{directory!r} cannot be read: its variables are not those that "
            f"its {NETWORK} tells; export the model again."
        )
    return bundle.arrays(keys), arguments


def _arguments(directory):
    path = os.path.join(directory, NETWORK)
    with tf.io.gfile.GFile(path) as file:
        try:
            arguments = dict(json.load(file))
            _ = arguments.get(_NAMES) or layout.shapes(arguments)
        except (KeyError, TypeError, ValueError):
            raise ValueError(
                f"{path!r} cannot be read: it does not describe a network; "
                "export the model again."
            ) from None
    others = ("name", _CONSTANTS)
    return {name: v for name, v in arguments.items() if name not in others}


def has_constants(directory: str) -> bool:
    """Whether an export computes with the constants of its variables."""
    with tf.io.gfile.GFile(os.path.join(directory, NETWORK)) as file:
        return bool(json.load(file).get(_CONSTANTS))
