"""The temperature that calibration has fitted to trained weights."""

from __future__ import annotations

import json
import logging
import os

import tensorflow as tf

from simclrv2_tf import export
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs.export_beside import find_export

_LOG = logging.getLogger("simclrv2_tf")


def calibration_file(prefix: str) -> str:
    """Where the temperature of a run's checkpoint stands, if it has one."""
    step = run_directory.step_of(prefix)
    return os.path.join(os.path.dirname(prefix), f"calibration-{step}.json")


def temperature(source: str | os.PathLike, ema: bool = False) -> float:
    """What a classifier's logits are divided by to be probabilities.

    Args:
      source: Anything that `--checkpoint` accepts.
      ema: Whether the average of the weights is taken, see `takes_average`.

    Returns:
      What `--calibrate` found for these weights, else 1.0; with a warning if
      it was found for the run's other weights.

    Raises:
      ValueError: If the file of the temperature holds none.
    """
    path = local(source)
    prefix, directory = tf1.find(path), find_export(path)
    if prefix is not None:
        return _temperature_of(calibration_file(prefix), ema)
    return 1.0 if directory is None else export.read_temperature(directory)


def _temperature_of(file, ema):
    """What a run's file holds, where it was fitted to these weights."""
    divisor = export.read_temperature(file)
    if divisor == 1.0 or _fitted_to_average(file) == ema:
        return divisor
    fitted, taken = ("trained", "averaged") if ema else ("averaged", "trained")
    _LOG.warning(
        "the temperature in %r was fitted to the %s weights, and the %s ones "
        "are taken: their probabilities are left as they are; evaluate with "
        "--mode=eval --calibrate --%seval_ema first to scale them",
        file,
        fitted,
        taken,
        "" if ema else "no",
    )
    return 1.0


def _fitted_to_average(file):
    """Whether a temperature is that of the averaged weights.

    Files of earlier versions do not say; the run's flags are the best guess.
    """
    with tf.io.gfile.GFile(file) as opened:
        calibration = json.loads(opened.read())
    flags = model_dir.read_flags(os.path.dirname(file))
    return bool(calibration.get("ema", flags.get("eval_ema", False)))
