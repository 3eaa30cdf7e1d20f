"""Networks of earlier versions, which did without their constants.

Those versions assigned the mean and the variance of a Keras backbone's
`Normalization` and went on computing with 0 and 1. Their runs are trained on
such images, and go on as they are. Checkpoints say since when it is otherwise.
"""

from __future__ import annotations

import logging

import keras
import tensorflow as tf

from simclrv2_tf.checkpoints import flags_beside
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.models.keras_models import keras_constants

MARK = "constants"  # in the progress of checkpoints whose constants count
_LOADED_BY_KERAS = (".weights.h5", ".h5")  # which made the constants
_LOG = logging.getLogger("simclrv2_tf")


def mark(network: keras.Model) -> dict[str, bool]:
    """What the progress of a network's checkpoint says; {} of most."""
    return {MARK: True} if keras_constants.variables(network) else {}


def settle(network: keras.Model, path: str | None) -> None:
    """Has a network that weights were assigned to compute as their run did.

    Args:
      network: A `Network`.
      path: Prefix of the run's checkpoint, or the directory of its export;
        None for weights of no run.
    """
    if not keras_constants.variables(network):
        return
    if path is None or _counted(path):
        keras_constants.refresh(network)
    elif keras_constants.neutralize(network):
        _LOG.warning(
            "%s was trained by an earlier version without the mean and the "
            "variance of its Normalization layers, and stays as it is: they "
            "are set to 0 and 1. Train anew to have images normalised.",
            path,
        )


def _counted(path):
    """Whether it computed with the mean and the variance that it has."""
    if tf.io.gfile.isdir(path):
        return saved_model.has_constants(path)
    return _counted_in_run(path)


def _counted_in_run(prefix):
    progress = run_directory.read_progress(prefix)
    if not progress or progress.get(MARK):
        return True
    flags = flags_beside.read(prefix.rpartition("/")[0])
    weights = str(flags.get("backbone_weights"))
    return weights.endswith(_LOADED_BY_KERAS)
