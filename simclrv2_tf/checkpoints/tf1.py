"""Checkpoints with the original release's TF1 names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from simclrv2_tf.checkpoints import detection
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.arrays import Shape
from simclrv2_tf.checkpoints.arrays import shapes_of
from simclrv2_tf.checkpoints.bundle import Bundle
from simclrv2_tf.files import atomic

EMA = "ema_model/"
MEMORY = "memory"
WRITTEN = "memory_written"  # our own, see `stages.key_memory`
PART_BYTES = 2**30  # written at once; bounds the memory of a conversion
# Optimizer slots stand below a weight ("…/kernel/Momentum"); counters, the
# memory and the powers of Adam stand elsewhere.
_WEIGHT = re.compile(
    r"base_model/keras/.*|(base_model|head_contrastive|head_supervised)/.*"
    r"(kernel|bias|gamma|beta|moving_mean|moving_variance)"
)
_CLASSIFIER = "head_supervised/"
_MODULE = "module/"  # before every name in some hub modules


def find(path: str) -> str | None:
    """The prefix that a path means: itself, or a directory's newest.

    Args:
      path: Prefix of a checkpoint, one of its files, or directory with a
        `checkpoint` file or with the files of a single checkpoint.

    Returns:
      A prefix, or None if there is no checkpoint.
    """
    if tf.io.gfile.isdir(path):
        return _named_by_state(path) or _single(path)
    prefix = re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", path)
    return prefix if tf.io.gfile.exists(prefix + ".index") else None


def _named_by_state(directory):
    """The newest, though the files have moved since they were written."""
    state = tf.train.get_checkpoint_state(directory)
    if state is None:
        return None
    named = state.model_checkpoint_path
    moved = os.path.join(directory, os.path.basename(named))
    for prefix in (moved, named):
        if tf.io.gfile.exists(prefix + ".index"):
            return prefix
    raise ValueError(
        f"{directory!r} cannot be read: its `checkpoint` file names "
        f"{os.path.basename(named)!r}, whose .index is missing; copy all the "
        "files of that checkpoint."
    )


def _single(directory):
    names = [n for n in tf.io.gfile.listdir(directory) if n.endswith(".index")]
    prefixes = sorted(name.removesuffix(".index") for name in names)
    if len(prefixes) > 1:
        raise detection.several(directory, prefixes)
    return os.path.join(directory, prefixes[0]) if prefixes else None


def is_tf1(prefix: str) -> bool:
    """Whether a checkpoint holds weights under TF1 names."""
    names = Bundle(prefix).shapes
    return any(_WEIGHT.fullmatch(_canonical(name)) for name in names)


def _canonical(key):
    return key.removeprefix(EMA).removeprefix(_MODULE)


def read(path: str, ema: bool = False, ignore: str | None = None) -> Arrays:
    """Reads the weights, passing over slots, counters and memory.

    Args:
      path: Prefix, or directory with a `checkpoint` file.
      ema: Take the momentum weights (`ema_model/…`) and not the trained
        ones; the supervised head, if it has none, as it was trained.
      ignore: Regular expression; other arrays to pass over.

    Returns:
      `Arrays`, {canonical name: numpy array}.

    Raises:
      ValueError: If there is no such checkpoint, or no momentum weights, or
        arrays that are neither weights nor an optimizer's.
    """
    prefix = find(path)
    if prefix is None:
        raise ValueError(
            "Expected the prefix of a checkpoint, or a directory that holds "
            f"one. Received: {path!r}, where there is none"
        )
    bundle = Bundle(prefix)
    chosen = choose(bundle.shapes, ema, prefix)
    _refuse_others(bundle.shapes, prefix, ignore)
    return bundle.arrays(chosen)


def _refuse_others(shapes, path, ignore):
    """Raises a ValueError for arrays that are no part of a SimCLR run."""
    weights = {k for k in shapes if _WEIGHT.fullmatch(_canonical(k))}
    others = [
        key
        for key in sorted(set(shapes) - weights)
        if shapes[key]  # counters and powers are scalars
        and not key.startswith(MEMORY)
        and not _is_slot(key, weights)
        and not (ignore and re.match(ignore, key))
    ]
    if others:
        raise ValueError(
            f"The checkpoint {path!r} holds {len(others)} arrays that are no "
            f"part of the network ({', '.join(others[:5])}): pass over them "
            "by name with ignore=… (--checkpoint_ignore), if they are none."
        )


def _is_slot(key, weights):
    """Whether an optimizer keeps it of a weight, "…/kernel/Momentum"."""
    return any(key[:i] in weights for i, c in enumerate(key) if c == "/")


def choose(keys: Iterable[str], ema: bool, path: str) -> dict[str, str]:
    """The weights among all that a checkpoint holds.

    Args:
      keys: Names in the checkpoint.
      ema: See `read`.
      path: Of the checkpoint, for the error.

    Returns:
      {canonical name: key}.

    Raises:
      ValueError: If there are none, or no momentum weights.
    """
    weights = {k: _canonical(k) for k in sorted(keys)}
    weights = {k: n for k, n in weights.items() if _WEIGHT.fullmatch(n)}
    momentum = {n: k for k, n in weights.items() if k.startswith(EMA)}
    trained = {n: k for k, n in weights.items() if not k.startswith(EMA)}
    if not (momentum if ema else trained):
        kind = "momentum weights (ema_model/…)" if ema else "weights"
        raise ValueError(f"The checkpoint {path!r} holds no {kind}.")
    if not ema:
        return trained
    # The released files keep no momentum classifier.
    heads = {n: k for n, k in trained.items() if n.startswith(_CLASSIFIER)}
    return {**heads, **momentum}


def momentum(shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Selects what momentum pretraining continues from.

    Args:
      shapes: {name in the checkpoint: shape}.

    Returns:
      {name: name in the checkpoint}: `ema_model/<canonical name>`, the one
      matrix that is called memory, and how many keys were written to it.
    """
    names = {
        EMA + _canonical(key): key
        for key in shapes
        if key.startswith(EMA) and _WEIGHT.fullmatch(_canonical(key))
    }
    named = [k for k in shapes if k.startswith(MEMORY) and len(shapes[k]) == 2]
    if len(named) == 1:
        names[MEMORY] = named[0]
    if WRITTEN in shapes:
        names[WRITTEN] = WRITTEN
    return names


def read_momentum(prefix: str) -> Arrays:
    """What `momentum` finds in a checkpoint, `Arrays`."""
    bundle = Bundle(prefix)
    return bundle.arrays(momentum(bundle.shapes))


def write(
    path: str, arrays: Mapping[str, np.ndarray], global_step: int = 0
) -> None:
    """Writes a checkpoint that TF1's `Saver` restores.

    Args:
      path: Prefix of the files; the directory's `checkpoint` file will name
        it.
      arrays: {canonical name: array}.
      global_step: Stored under that name, int64.
    """
    shapes = {**shapes_of(arrays), "global_step": ()}
    step = tf.constant(global_step, tf.int64)
    with atomic.files(path) as staged:
        parts = []
        for number, names in enumerate(_parts(shapes)):
            parts.append(f"{staged}.part-{number}")
            tensors = [
                step if name == "global_step" else tf.constant(arrays[name])
                for name in names
            ]
            tf.raw_ops.SaveV2(
                prefix=parts[-1],
                tensor_names=names,
                shape_and_slices=[""] * len(names),
                tensors=tensors,
            )
        tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=parts,
            destination_prefix=staged,
            delete_old_dirs=False,
        )
    atomic.name_newest(path)


def _parts(shapes):
    """Names in order, as many at a time as `PART_BYTES` hold."""
    parts, size = [[]], 0
    for name in sorted(shapes):
        size += 4 * tf.TensorShape(shapes[name]).num_elements()
        if size > PART_BYTES and parts[-1]:
            parts.append([])
            size = 4 * tf.TensorShape(shapes[name]).num_elements()
        parts[-1].append(name)
    return parts
