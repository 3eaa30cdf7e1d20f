"""Weights in any format, which is detected from the files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import detection
from simclrv2_tf.checkpoints import flags_beside
from simclrv2_tf.checkpoints import keras_layout
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.arrays import nothing
from simclrv2_tf.checkpoints.arrays import shapes_of
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.run_files import is_export

CHECKPOINT = "checkpoint"
SAVED_MODEL = "SavedModel"
EXPORT = "our SavedModel"  # the kind of weights in one
RUN = "run"  # of those in a checkpoint of a run
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
    "input_mean",
    "input_std",
)
_LINEAR = "head_contrastive/l_0/"
_NONLINEAR = "head_contrastive/nl_0/"


@dataclasses.dataclass(frozen=True)
class Weights:
    """Weights, and what is known of them.

    Attributes:
      kind: What the source is, in words.
      arrays: `Arrays` of canonical names.
      arguments: Those of `Network` that names, shapes and files tell.
      notes: What else there is to know, sentences.
      momentum: `Arrays` that momentum pretraining goes on with, named as in
        a TF1 checkpoint: `ema_model/<canonical name>`, `memory`.
    """

    kind: str
    arrays: Arrays
    arguments: dict[str, Any]
    notes: tuple[str, ...] = ()
    momentum: Arrays = dataclasses.field(default_factory=nothing)

    @classmethod
    def make(
        cls,
        kind: str,
        path: str,
        arrays: Arrays,
        known: Mapping[str, Any] | None = None,
        notes: Iterable[str] = (),
        momentum: Arrays | None = None,
    ) -> Weights:
        """Infers the architecture, and words the errors of later reading."""

        def read(name):
            with file_errors(path):
                return arrays[name]

        shapes = shapes_of(arrays)
        arguments = architecture.infer(shapes, known)
        arguments |= architecture.agreeing(arguments, known or {})
        return cls(
            kind,
            Arrays(shapes, read),
            arguments,
            tuple(notes),
            momentum or nothing(),
        )

    def with_head(self, mode: str | None) -> Weights:
        """The weights, a projection head of one layer renamed to fit `mode`.

        A linear head and a nonlinear one of a single layer compute the same,
        and tf2 objects and Keras files do not distinguish them.
        """
        own = self.arguments["proj_head_mode"]
        single = own == "linear" or self.arguments.get("num_proj_layers") == 1
        if not single or {own, mode} != {"linear", "nonlinear"}:
            return self
        old, new = _LINEAR, _NONLINEAR
        count = {"num_proj_layers": 1}
        if mode == "linear":
            old, new, count = new, old, {}
        arguments = {**self.arguments, "proj_head_mode": mode, **count}
        arrays, momentum = (
            each.renamed({name.replace(old, new): name for name in each})
            for each in (self.arrays, self.momentum)
        )
        return dataclasses.replace(
            self, arrays=arrays, arguments=arguments, momentum=momentum
        )


def locate(path: str) -> tuple[str, str]:
    """Finds out what is at a path, by looking at it.

    Args:
      path: A file, a directory, or the prefix of a checkpoint.

    Returns:
      `CHECKPOINT` and its prefix, `SAVED_MODEL` and its directory, or the
      kind of a file (`detection.kind`) and its path.

    Raises:
      ValueError: If there are no weights, or several sets of them.
    """
    if (prefix := _newest(path)) is not None:
        return CHECKPOINT, prefix
    if (directory := saved_model.find(path)) is not None:
        return SAVED_MODEL, directory
    file = detection.only_file(path) or path
    kind = detection.kind(file)
    if kind is None:
        raise ValueError(_nothing(path))
    return kind, file


def _newest(path):
    """The prefix that a path means; of a run the newest that is whole."""
    if run_directory.keeps_checksums(path):
        return run_directory.latest_valid(path)
    return tf1.find(path)


def open_source(
    path: str, ema: bool = False, ignore: str | None = None
) -> Weights:
    """Finds out what is at a path, and how to read it.

    Args:
      path: A file, a directory, or the prefix of a checkpoint; not of Keras.
      ema: Take the momentum weights (`ema_model/…`) of a checkpoint.
      ignore: Regular expression; tensors of a PyTorch file or of a TF1
        checkpoint to pass over.

    Returns:
      A `Weights`.

    Raises:
      ValueError: If there are no weights, or damaged ones.
    """
    with file_errors(path):
        kind, place = locate(path)
        if kind == CHECKPOINT:
            return _checkpoint(place, ema, ignore)
        if kind == SAVED_MODEL:
            return _saved_model(place, ema, ignore)
        refuse_momentum(path, ema)
        arrays, known, notes = pytorch.read(place, ignore)
        return Weights.make("PyTorch", place, arrays, known, notes)


def refuse_momentum(path: str, ema: bool) -> None:
    """Raises a ValueError if momentum weights are wanted where none can be."""
    if ema:
        raise ValueError(
            f"{path!r} holds no momentum weights: expected a TF1 checkpoint "
            "with ema_model/…"
        )


def _checkpoint(prefix, ema, ignore):
    known = _remembered(os.path.dirname(prefix))
    if run_directory.is_ours(prefix):
        arrays = run_directory.read(prefix)
        chosen = tf1.choose(arrays, ema, prefix)
        momentum = arrays.renamed(tf1.momentum(arrays.shapes))
        return Weights.make(
            RUN, prefix, arrays.renamed(chosen), known, momentum=momentum
        )
    if tf1.is_tf1(prefix):
        arrays = tf1.read(prefix, ema, ignore)
        momentum = tf1.read_momentum(prefix)
        return Weights.make("TF1", prefix, arrays, known, momentum=momentum)
    if tf2.is_tf2(prefix):
        refuse_momentum(prefix, ema)
        arrays, inferred = tf2.read(prefix)
        return Weights.make(
            "tf2 objects", prefix, arrays, {**known, **inferred}
        )
    raise ValueError(
        f"The checkpoint {prefix!r} is of no known kind: expected TF1 names "
        "(base_model/…), objects of the original tf2 code "
        "(model/resnet_model/…) or a run of this package."
    )


def _remembered(directory):
    """Arguments of `Network` from the flags beside a checkpoint."""
    flags = flags_beside.read(directory)
    names = _REMEMBERED
    if flags.get("backbone"):
        names += keras_layout.ARGUMENTS
    return {n: flags[n] for n in names if flags.get(n) is not None}


def _saved_model(directory, ema, ignore):
    if is_export(directory):
        refuse_momentum(directory, ema)
        arrays, known = saved_model.read_ours(directory)
        return Weights.make(EXPORT, directory, arrays, known)
    prefix = saved_model.prefix(directory)
    if tf1.is_tf1(prefix):
        arrays = tf1.read(prefix, ema, ignore)
        return Weights.make("TF1 hub module", directory, arrays)
    if tf2.is_tf2(prefix):
        refuse_momentum(directory, ema)
        weights = tf2.read(prefix)
        return Weights.make("tf2 SavedModel", directory, *weights)
    raise ValueError(
        f"The SavedModel {directory!r} holds no SimCLR network: expected "
        "variables of the original release, or an export of this package."
    )


def _nothing(path):
    if not tf.io.gfile.exists(path):
        return f"Expected {KINDS}. Received: {path!r}, where there is nothing."
    what = "a directory" if tf.io.gfile.isdir(path) else "a file"
    if tf.io.gfile.exists(os.path.join(path, "job.json")):
        what = "a job, whose runs are in there, such as 'finetuned',"
    return (
        f"Expected {KINDS}. Received: {path!r}, {what} that is none of these."
    )
