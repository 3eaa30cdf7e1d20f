"""Names of what a run's directory and an exported version hold.

They are read without TensorFlow; a bucket needs it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from simclrv2_tf.files.paths import is_remote

FLAGS = "flags.json"
FLAGFILE = "flags.cfg"  # the same, as a command takes them
ENVIRONMENT = "environment.json"
VERSIONS = "saved_model"  # the directory of a run's exports
NETWORK = "network.json"  # in a version: the arguments of `Network`
LABELS = "labels.txt"  # among its assets, and beside a published network
CHECKPOINT = re.compile(r"ckpt-(\d+)")  # the whole name of a checkpoint
_INDEX = ".index"  # ends the name of a checkpoint's file that comes last


def checkpoint_name(step: int | str) -> str:
    """The name of a run's checkpoint after so many steps."""
    return f"ckpt-{step}"


def checkpoint_steps(names: Iterable[str]) -> list[int]:
    """The steps of the checkpoints whose files have these names, ascending.

    Args:
      names: Of all files in a directory; a checkpoint without its index is
        none.
    """
    whole = (n.removesuffix(_INDEX) for n in names if n.endswith(_INDEX))
    matches = map(CHECKPOINT.fullmatch, whole)
    return sorted(int(match[1]) for match in matches if match)


def is_export(directory: str) -> bool:
    """Whether a directory is a version that this package has exported.

    Raises:
      tf.errors.OpError: If it is in a bucket that cannot be reached.
    """
    path = os.path.join(directory, NETWORK)
    if not is_remote(path):
        return os.path.exists(path)
    import tensorflow as tf

    return tf.io.gfile.exists(path)
