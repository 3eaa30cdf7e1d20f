"""What every data set looks like from inside: numbered images and labels."""

import dataclasses

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decode import decode_image
from simclrv2_tf.data.decode import to_float

UNLABELLED = -1


@dataclasses.dataclass(frozen=True)
class Places:
    """Where images lie within files.

    Attributes:
      files: Names.
      which: int32 (examples,), number of the file.
      begin: int64 (examples,), first byte.
      size: int32 (examples,), number of bytes.
    """

    files: np.ndarray
    which: np.ndarray
    begin: np.ndarray
    size: np.ndarray

    def __getitem__(self, indices):
        return Places(
            self.files,
            self.which[indices],
            self.begin[indices],
            self.size[indices],
        )

    def read(self, index):
        """The bytes of one image."""
        path = self.files[self.which[index]]
        with tf.io.gfile.GFile(path, "rb") as file:
            file.seek(int(self.begin[index]))
            return file.read(int(self.size[index]))


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set whose examples can be asked for by number.

    Exactly one of `images`, `encoded`, `paths` and `places` is there.

    Attributes:
      name: For messages.
      labels: int32 (examples,), -1 for unlabelled.
      class_names: Names of the classes, or None if there are no labels.
      images: uint8 (examples, height, width, channels), all of one size.
      encoded: bytes of each image, in memory.
      paths: Files.
      places: Where in larger files each image lies.
    """

    name: str
    labels: np.ndarray
    class_names: tuple | None = None
    images: np.ndarray | None = None
    encoded: np.ndarray | None = None
    paths: np.ndarray | None = None
    places: Places | None = None

    @property
    def num_examples(self):
        return len(self.labels)

    @property
    def num_classes(self):
        """Classes of the data set, 0 if it has no labels."""
        return len(self.class_names or ())

    def with_labels(self, indices):
        """The same examples, all labels but those of `indices` taken away."""
        labels = np.full_like(self.labels, UNLABELLED)
        labels[indices] = self.labels[indices]
        return dataclasses.replace(self, labels=labels)

    def subset(self, indices):
        """The examples of these numbers alone, in this order."""
        chosen = {"labels": self.labels[indices]}
        for kind in ("images", "encoded", "paths", "places"):
            if getattr(self, kind) is not None:
                chosen[kind] = getattr(self, kind)[indices]
        return dataclasses.replace(self, **chosen)

    def reader(self):
        """A function from numbers to examples, for use inside `tf.data`.

        Returns:
          Function of an int64 scalar to (image float32 (height, width,
          channels) in [0, 1], label int32).
        """
        labels = tf.constant(self.labels)
        fetch = self._pixels()
        return lambda i: (to_float(fetch(i)), tf.gather(labels, i))

    def _pixels(self):
        if self.places is not None:
            return lambda i: decode_image(self._read_in_place(i))
        with tf.device("CPU"):
            if self.images is not None:
                images = tf.constant(self.images)
                return lambda i: tf.gather(images, i)
            if self.encoded is not None:
                encoded = tf.constant(self.encoded)
                return lambda i: decode_image(tf.gather(encoded, i))
            paths = tf.constant(self.paths)
        return lambda i: decode_image(tf.io.read_file(tf.gather(paths, i)))

    def _read_in_place(self, index):
        data = tf.numpy_function(self.places.read, [index], tf.string, False)
        return tf.ensure_shape(data, [])

    def unreadable(self):
        """Finds the first example that is no image; None if all are.

        Slow: reads everything. Called when reading has failed, to say where.
        """
        fetch = self._pixels()
        for index in range(self.num_examples):
            try:
                fetch(index)
            except tf.errors.OpError:
                return index
        return None

    def place(self, index):
        """Where an example comes from, for messages."""
        if self.paths is not None:
            path = self.paths[index]
            return path.decode() if isinstance(path, bytes) else str(path)
        if self.places is not None:
            file = self.places.files[self.places.which[index]]
            return f"example {index} of {self.name}, in {file},"
        return f"example {index} of {self.name}"
