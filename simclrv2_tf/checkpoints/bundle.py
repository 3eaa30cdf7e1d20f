"""TensorFlow's checkpoint files, read one array at a time."""

import contextlib

import tensorflow as tf

from simclrv2_tf.checkpoints.arrays import Arrays


class Bundle:
    """The files behind a prefix.

    Attributes:
      shapes: {key: shape}.

    Raises:
      tf.errors.OpError: If they cannot be read.
    """

    def __init__(self, prefix):
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
