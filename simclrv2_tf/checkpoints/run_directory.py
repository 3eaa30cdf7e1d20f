"""Our own checkpoints, `ckpt-N`: weights by canonical name, and the rest.

The files are TensorFlow's. Weights stand under `variables/<canonical name>`,
what the optimizer remembers under `optimizer/<place>`, so that nothing
depends on how Keras names or orders its objects.
"""

import os
import re

import tensorflow as tf

from simclrv2_tf.checkpoints.bundle import Bundle

_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_SLASH = ".S"  # how TensorFlow writes a slash inside a name


def save(directory, step, variables, optimizer_variables=(), keep=5):
    """Writes `ckpt-<step>` and deletes the oldest beyond `keep`.

    Args:
      directory: Of the run; made if missing.
      step: Steps trained.
      variables: {canonical name: Keras variable}.
      optimizer_variables: The optimizer's, in its order.
      keep: Checkpoints that stay.

    Returns:
      The prefix that was written.
    """
    checkpoint = tf.train.Checkpoint(
        variables={name: v.value for name, v in variables.items()},
        optimizer={str(i): v.value for i, v in enumerate(optimizer_variables)},
    )
    manager = tf.train.CheckpointManager(
        checkpoint, directory, max_to_keep=keep, checkpoint_name="ckpt"
    )
    return manager.save(checkpoint_number=step)


def latest(directory):
    """Prefix of the newest checkpoint of a run, None if there is none."""
    if not directory or not tf.io.gfile.isdir(directory):
        return None
    return tf.train.latest_checkpoint(directory)


def step_of(prefix):
    """Steps trained, from the name of a checkpoint."""
    match = re.search(r"-(\d+)$", prefix)
    return int(match[1]) if match else 0


def is_ours(prefix):
    """Whether a checkpoint was written by `save`."""
    names = Bundle(prefix).shapes
    return any(name.startswith("variables/base_model") for name in names)


def read(prefix):
    """The weights of a checkpoint, `Arrays` of canonical names."""
    return _under(prefix, "variables/")


def read_optimizer(prefix):
    """What the optimizer remembered, `Arrays` of its places."""
    return _under(prefix, "optimizer/")


def _under(prefix, scope):
    bundle = Bundle(prefix)
    keys = {
        _name(key, scope): key
        for key in bundle.shapes
        if key.startswith(scope) and key.endswith(_SUFFIX)
    }
    return bundle.arrays(keys)


def _name(key, scope):
    return key[len(scope) : -len(_SUFFIX)].replace(_SLASH, "/")


def flags_file(directory):
    return os.path.join(directory, "flags.json")
