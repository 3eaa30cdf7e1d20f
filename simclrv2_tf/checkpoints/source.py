"""Weights from whatever users have, told apart by looking at it."""

import dataclasses
import json
import os

import tensorflow as tf

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import pytorch_files
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.arrays import shapes_of
from simclrv2_tf.checkpoints.reading import explained

KINDS = (
    "a TF1 checkpoint, a TF1 hub module, a SavedModel or ckpt-N of the "
    "original tf2 code, a run directory, its ckpt-N, .keras, .weights.h5, "
    ".safetensors, .pth, or a published name"
)
# Arguments of `Network` that a run knows beyond what shapes tell.
_REMEMBERED = (
    "sk_ratio",
    "ft_proj_selector",
    "batch_norm_decay",
    "global_bn",
    "image_size",
)


@dataclasses.dataclass(frozen=True)
class Found:
    """Weights, and what is known of them.

    Attributes:
      kind: What the source is, in words.
      arrays: `Arrays` of canonical names.
      arguments: Those of `Network` that names, shapes and files tell.
      notes: What else there is to know, sentences.
    """

    kind: str
    arrays: Arrays
    arguments: dict
    notes: tuple = ()

    @classmethod
    def make(cls, kind, path, arrays, known=None, notes=()):
        """Infers the architecture, and words the errors of later reading."""

        def read(name):
            with explained(path):
                return arrays[name]

        shapes = shapes_of(arrays)
        arguments = {**architecture.infer(shapes), **(known or {})}
        return cls(kind, Arrays(shapes, read), arguments, tuple(notes))


def open_source(path, ema=False, ignore=None):
    """Finds out what is at a path, and how to read it.

    Args:
      path: A file, a directory, or the prefix of a checkpoint.
      ema: Take the momentum weights of a TF1 checkpoint.
      ignore: Regular expression; tensors of a PyTorch file to pass over.

    Returns:
      A `Found`.

    Raises:
      ValueError: If there are no weights, or damaged ones.
    """
    with explained(path):
        if path.endswith(pytorch_files.SUFFIXES) and _is_file(path):
            arrays, known, notes = pytorch.read(path, ignore)
            return Found.make("PyTorch", path, arrays, known, notes)
        prefix = _newest(path)
        if prefix is not None:
            return _checkpoint(prefix, ema)
        directory = saved_model.find(path)
        if directory is not None:
            return _saved_model(directory, ema)
    raise ValueError(_nothing(path))


def _newest(path):
    """The prefix that a path means; of a run the newest that is whole."""
    if run_directory.keeps_checksums(path):
        return run_directory.newest_sound(path)
    return tf1.find(path)


def _is_file(path):
    return tf.io.gfile.exists(path) and not tf.io.gfile.isdir(path)


def _checkpoint(prefix, ema):
    if run_directory.is_ours(prefix):
        arrays = run_directory.read(prefix)
        known = _remembered(os.path.dirname(prefix))
        return Found.make("run", prefix, arrays, known)
    if tf1.is_tf1(prefix):
        return Found.make("TF1", prefix, tf1.read(prefix, ema))
    if tf2.is_tf2(prefix):
        return Found.make("tf2 objects", prefix, *tf2.read(prefix))
    raise ValueError(
        f"The checkpoint {prefix!r} is of no known kind: expected TF1 names "
        "(base_model/…), objects of the original tf2 code "
        "(model/resnet_model/…) or a run of this package."
    )


def _remembered(directory):
    path = run_directory.flags_file(directory)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        try:
            flags = json.load(file)
        except ValueError:
            raise ValueError(
                f"The file {path!r} must hold a run's flags as JSON, and "
                "does not: restore it, or remove it."
            ) from None
    return {name: flags[name] for name in _REMEMBERED if name in flags}


def _saved_model(directory, ema):
    if saved_model.is_ours(directory):
        arrays, known = saved_model.read_ours(directory)
        return Found.make("our SavedModel", directory, arrays, known)
    prefix = saved_model.prefix(directory)
    if tf1.is_tf1(prefix):
        return Found.make("TF1 hub module", directory, tf1.read(prefix, ema))
    if tf2.is_tf2(prefix):
        found = tf2.read(prefix)
        return Found.make("tf2 SavedModel", directory, *found)
    raise ValueError(
        f"The SavedModel {directory!r} holds no SimCLR network: expected "
        "variables of the original release, or an export of this package."
    )


def _nothing(path):
    if not tf.io.gfile.exists(path):
        return f"Expected {KINDS}. Received: {path!r}, where there is nothing."
    what = "a directory" if tf.io.gfile.isdir(path) else "a file"
    return (
        f"Expected {KINDS}. Received: {path!r}, {what} that is none of these."
    )
