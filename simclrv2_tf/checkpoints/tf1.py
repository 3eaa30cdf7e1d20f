"""Checkpoints with the original release's TF1 names."""

import os
import re

import tensorflow as tf

EMA = "ema_model/"
# Optimizer slots and counters, which are no weights of a network.
_NO_WEIGHT = re.compile(
    r"(global_step$|memory|beta[12]_power|.*/(Momentum|Adam(_1)?|"
    r"ExponentialMovingAverage)$|save_counter|_CHECKPOINTABLE)"
)
_WEIGHT = re.compile(r"(base_model|head_contrastive|head_supervised)/")


def find(path):
    """The prefix that a path means: itself, or a directory's newest.

    Args:
      path: Prefix of a checkpoint, or directory with a `checkpoint` file.

    Returns:
      A prefix, or None if there is no checkpoint.
    """
    if tf.io.gfile.isdir(path):
        return tf.train.latest_checkpoint(path)
    prefix = re.sub(r"\.(index|data-\d+-of-\d+)$", "", path)
    return prefix if tf.io.gfile.exists(prefix + ".index") else None


def is_tf1(prefix):
    """Whether a checkpoint holds weights under TF1 names."""
    names = [name for name, _ in tf.train.list_variables(prefix)]
    return any(_WEIGHT.match(name.removeprefix(EMA)) for name in names)


def read(path, ema=False):
    """Reads the weights, passing over slots, counters and memory.

    Args:
      path: Prefix, or directory with a `checkpoint` file.
      ema: Take the momentum weights (`ema_model/…`) and not the trained ones.

    Returns:
      {canonical name: numpy array}.

    Raises:
      ValueError: If there is no such checkpoint, or no momentum weights.
    """
    prefix = find(path)
    if prefix is None:
        raise ValueError(
            "Expected the prefix of a checkpoint, or a directory that holds "
            f"one. Received: {path!r}, where there is none"
        )
    reader = tf.train.load_checkpoint(prefix)
    chosen = _choose(reader.get_variable_to_shape_map(), ema)
    if not chosen:
        kind = "momentum weights (ema_model/...)" if ema else "weights"
        raise ValueError(f"The checkpoint {prefix!r} holds no {kind}.")
    return {name: reader.get_tensor(key) for name, key in chosen.items()}


def _choose(keys, ema):
    """{canonical name: key} of the weights."""
    momentum = {key for key in keys if key.startswith(EMA)}
    chosen = {}
    for key in sorted(momentum if ema else set(keys) - momentum):
        name = key.removeprefix(EMA)
        if _WEIGHT.match(name) and not _NO_WEIGHT.match(name):
            chosen[name] = key
    return chosen


def write(path, arrays, global_step=0):
    """Writes a checkpoint that TF1's `Saver` restores.

    Args:
      path: Prefix of the files; the directory's `checkpoint` file will name
        it.
      arrays: {canonical name: array}.
      global_step: Stored under that name, int64.
    """
    values = {**arrays, "global_step": tf.constant(global_step, tf.int64)}
    tf.io.gfile.makedirs(os.path.dirname(path) or ".")
    names = sorted(values)
    tf.raw_ops.SaveV2(
        prefix=path,
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.convert_to_tensor(values[name]) for name in names],
    )
    tf.train.update_checkpoint_state(os.path.dirname(path) or ".", path)
