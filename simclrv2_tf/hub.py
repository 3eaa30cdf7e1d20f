"""Networks from what users have: run directories and checkpoints."""

import json
import logging
import re

import tensorflow as tf

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.models.network import Network

_LOG = logging.getLogger("simclrv2_tf")
_HEAD = "head_supervised/"
_OWN = ("ft_proj_selector", "batch_norm_decay", "global_bn", "image_size")


def load_network(source, ema=False, variable_schema=None, **overrides):
    """Builds the network that weights belong to, and loads them.

    Args:
      source: A run directory, one of its `ckpt-N`, or a checkpoint with TF1
        names (prefix, or directory with a `checkpoint` file).
      ema: Load momentum weights (`ema_model/…`) of a TF1 checkpoint.
      variable_schema: Regular expression; variables that it does not match
        are left as initialised.
      **overrides: Arguments of `Network`. Those that contradict the weights
        are an error, but for `num_classes`: with another number the
        supervised head is left out, which the log says.

    Returns:
      A `Network`. What was loaded is logged.

    Raises:
      ValueError: If there are no weights, or they do not fit.
    """
    arrays, known = read_source(source, ema)
    inferred = {**architecture.infer(_shapes(arrays)), **known}
    architecture.check(inferred, overrides)
    network = Network(**{**inferred, **overrides})
    excused = _excused(network, inferred, arrays, variable_schema)
    report = assign.assign_strict(network.named_variables(), arrays, excused)
    _LOG.info("%s from %s: %s", architecture.describe(inferred), source, report)
    return network


def read_source(source, ema=False):
    """Reads weights, whatever they are in.

    Returns:
      {canonical name: array} and the arguments of `Network` that a run
      directory knows beyond what the shapes tell.
    """
    prefix = tf1.find(source)
    if prefix is None:
        raise ValueError(
            "Expected a run directory or a checkpoint. "
            f"Received: {source!r}, where there is none"
        )
    if not run_directory.is_ours(prefix):
        return tf1.read(prefix, ema), {}
    return run_directory.read(prefix), _known(prefix)


def _known(prefix):
    path = run_directory.flags_file(prefix.rpartition("/")[0] or ".")
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        flags = json.load(file)
    return {name: flags[name] for name in _OWN if name in flags}


def _shapes(arrays):
    return {name: array.shape for name, array in arrays.items()}


def _excused(network, inferred, arrays, schema):
    """What need not fit, and why."""
    excused = {}
    classes = network.get_config()["num_classes"]
    if classes != inferred["num_classes"]:
        excused[_HEAD] = (
            f"the checkpoint has {inferred['num_classes']} classes, the "
            f"network {classes}"
        )
    if not any(name.startswith("head_contrastive/") for name in arrays):
        excused["head_contrastive/"] = "the checkpoint has no projection head"
    if schema and schema != "(?!global_step)":
        names = [*network.named_variables(), *arrays]
        for name in names:
            if not re.match(schema, name):
                excused[re.escape(name)] = "not matched by variable_schema"
    return excused
