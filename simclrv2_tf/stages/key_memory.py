"""The memory: keys of the last steps, first in, first out."""

import keras
import tensorflow as tf


class KeyMemory:
    """A ring of keys that begins empty.

    Every replica has its own copy, and writes the same keys, those of the
    global batch, to the same places: nothing is sent. Rows are read and
    written in place, so that no step holds a second copy.

    Args:
      size: Keys that there is room for, at least 1.
      width: Features of a key.

    Attributes:
      size: See above.
      keys: float32 (size, width); rows that were not written are 0.
      written: int64, keys written so far; the next one goes to the row
        `written % size`.
    """

    def __init__(self, size: int, width: int) -> None:
        self.size = size
        self.keys = _variable((size, width), "float32", "memory")
        self.written = _variable((), "int64", "memory_written")

    @property
    def filled(self) -> tf.Tensor:
        """Rows that hold a key, int32."""
        written = tf.convert_to_tensor(self.written.value)
        return tf.cast(tf.minimum(written, self.size), tf.int32)

    def named_variables(self) -> dict[str, keras.Variable]:
        """The variables under their names in a checkpoint."""
        return {v.name: v for v in (self.keys, self.written)}

    def rows(self, places: tf.Tensor) -> tf.Tensor:
        """The keys at int32 (count,) places, float32 (count, width)."""
        return tf.raw_ops.ResourceGather(
            resource=self.keys.value.handle, indices=places, dtype=tf.float32
        )

    def push(self, keys: tf.Tensor, finite: tf.Tensor) -> None:
        """Writes keys over the oldest ones.

        Args:
          keys: float32 (count, width), the oldest first; of more than `size`
            the last ones stay.
          finite: Whether the step stands, else nothing changes.
        """
        keys = keys[-self.size :]
        count = keys.shape[0] or tf.shape(keys)[0]
        start = tf.cast(self.written.value % self.size, tf.int32)
        places = (start + tf.range(count)) % self.size
        tf.raw_ops.ResourceScatterUpdate(
            resource=self.keys.value.handle,
            indices=places,
            updates=tf.where(finite, keys, self.rows(places)),
        )
        added = tf.where(finite, tf.cast(count, tf.int64), 0)
        self.written.assign(self.written.value + added)


def _variable(shape, dtype, name):
    """Of each replica, which assigns it by itself."""
    return keras.Variable(
        initializer="zeros",
        shape=shape,
        dtype=dtype,
        trainable=False,
        autocast=False,
        aggregation="none",
        name=name,
    )
