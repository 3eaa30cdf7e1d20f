"""The exported version that weights are or lie in."""

from __future__ import annotations

import os

from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.export import extra_formats
from simclrv2_tf.files.run_files import is_export


def find_export(path: str) -> str | None:
    """The directory of a SavedModel, for one of its files too.

    Args:
      path: What `saved_model.find` takes, or the `network.keras` of an
        exported version.

    Returns:
      None if it is neither.
    """
    directory, name = os.path.split(path)
    if name == extra_formats.KERAS_FILE and is_export(directory):
        return directory
    return saved_model.find(path)
