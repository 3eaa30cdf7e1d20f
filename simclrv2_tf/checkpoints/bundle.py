"""TensorFlow's checkpoint files, read one array at a time."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.files.paths import is_remote


class Bundle:
    """The files behind a prefix.

    Attributes:
      shapes: {key: shape}.

    Raises:
      tf.errors.OpError: If they cannot be read.
    """

    def __init__(self, prefix: str) -> None:
        self._aside, prefix = _without_wildcards(prefix)
        with _short_files_as_data_loss():
            self._reader = tf.train.load_checkpoint(prefix)
            self.shapes = self._reader.get_variable_to_shape_map()

    def read(self, key: str) -> Any:
        """One array, or whatever stands under a key."""
        with _short_files_as_data_loss():
            return self._reader.get_tensor(key)

    def arrays(self, keys: Mapping[str, str]) -> Arrays:
        """`Arrays` under other names.

        Args:
          keys: {name: key}.
        """
        return Arrays(
            {name: self.shapes[key] for name, key in keys.items()},
            lambda name: self.read(keys[name]),
        )


@contextlib.contextmanager
def _short_files_as_data_loss():
    """TensorFlow's reader says IndexError where a file is too short."""
    try:
        yield
    except IndexError as error:
        raise tf.errors.DataLossError(None, None, str(error)) from error


def _without_wildcards(prefix):
    """A temporary directory of links, and a prefix in it without wildcards.

    TensorFlow's reader takes its prefix for a pattern, and a directory may be
    called "run[1]". The links last as long as the directory is kept. None, and
    the prefix itself, where it has no wildcards.
    """
    if is_remote(prefix) or not set(prefix) & set("*?[\\"):
        return None, prefix
    folder, name = os.path.split(os.path.abspath(prefix))
    aside = tempfile.TemporaryDirectory()
    for file in os.listdir(folder):
        if file.startswith(f"{name}."):
            link = f"x{file.removeprefix(name)}"
            os.symlink(os.path.join(folder, file), f"{aside.name}/{link}")
    return aside, f"{aside.name}/x"
