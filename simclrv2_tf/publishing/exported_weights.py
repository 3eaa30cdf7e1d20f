"""Which weights of its run an export holds: the trained or the averaged ones.

An export does not say, and flags may have changed since it was made.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1


def kinds_in(version: str, prefix: str) -> set[bool] | None:
    """Compares an export with a checkpoint of its run.

    Args:
      version: Directory of an exported version.
      prefix: Of the run's checkpoint of the same step.

    Returns:
      True is in it if the export holds the checkpoint's averaged weights, and
      False if it holds the trained ones; both if these are the same, neither
      if it holds others. None if that cannot be told: the checkpoint has no
      average, or one of the two is not there or cannot be read.
    """
    try:
        arrays = run_directory.read(prefix)
        chosen = {e: tf1.choose(arrays, e, prefix) for e in (True, False)}
        exported, _ = saved_model.read_ours(version)
        return {
            ema
            for ema, names in chosen.items()
            if _are_same(exported, arrays.renamed(names))
        }
    except (tf.errors.OpError, OSError, ValueError):
        return None


def _are_same(arrays, others):
    """Whether all arrays that both have are equal, bit for bit."""
    names = arrays.shapes.keys() & others.shapes.keys()
    return all(np.array_equal(arrays[n], others[n]) for n in names)
