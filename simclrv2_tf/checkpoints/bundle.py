"""TensorFlow's checkpoint files, read one array at a time."""

import contextlib
import os
import tempfile

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

    def __init__(self, prefix):
        self._aside, prefix = _without_wildcards(prefix)
        with _short_files_told():
            self._reader = tf.train.load_checkpoint(prefix)
            self.shapes = self._reader.get_variable_to_shape_map()

    def read(self, key):
        """One array, or whatever stands under a key."""
        with _short_files_told():
            return self._reader.get_tensor(key)

    def arrays(self, keys):
        """`Arrays` under other names.

        Args:
          keys: {name: key}.
        """
        return Arrays(
            {name: self.shapes[key] for name, key in keys.items()},
            lambda name: self.read(keys[name]),
        )


@contextlib.contextmanager
def _short_files_told():
    """TensorFlow's reader says IndexError where a file is too short."""
    try:
        yield
    except IndexError as error:
        raise tf.errors.DataLossError(None, None, str(error)) from error


def _without_wildcards(prefix):
    """A directory of links to keep, and a prefix that is no pattern in there.

    TensorFlow's reader takes its prefix for a pattern, and a directory may be
    called "run[1]". None, and the prefix itself, where nothing is special.
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
