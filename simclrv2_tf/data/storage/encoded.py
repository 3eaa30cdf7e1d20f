"""Encoded images in memory, and in files of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import BinaryIO

import tensorflow as tf

from simclrv2_tf.data.storage.in_memory import ArrayStorage
from simclrv2_tf.data.storage.interface import Fingerprint
from simclrv2_tf.data.storage.python_reads import PythonReads
from simclrv2_tf.files.remote import open_binary


class Encoded(ArrayStorage):
    """Encoded images in memory: an array of bytes, objects (examples,)."""

    kind = "encoded"

    def fetch(self) -> Callable[[Any], tf.Tensor]:
        with tf.device("CPU"):
            images = tf.constant(self.array)
        return lambda i: tf.gather(images, i)

    def fingerprint(self) -> Fingerprint:
        return Fingerprint(sizes=[len(image) for image in self.array])


class Files(ArrayStorage, PythonReads):
    """Files, one for each image: an array of paths (examples,)."""

    kind = "paths"
    reads_in_python = False  # one by one, see `fetch`

    def read(self, index: int) -> bytes:
        with open_binary(self.path(index)) as file:
            return file.read()

    def open(self, index: int) -> BinaryIO:
        return open_binary(self.path(index))

    def fetch(self) -> Callable[[Any], tf.Tensor]:
        """See `Storage.fetch`; single files are read without Python."""
        read_many = super().fetch()
        with tf.device("CPU"):
            paths = tf.constant(self.array)

        def fetch(numbers):
            if tf.convert_to_tensor(numbers).shape.rank:
                return read_many(numbers)
            return tf.io.read_file(tf.gather(paths, numbers))

        return fetch

    def path(self, index: int) -> str:
        path = self.array[index]
        return path.decode() if isinstance(path, bytes) else str(path)

    def where(self, index: int, name: str) -> str:
        """The path alone."""
        return self.path(index)

    def fingerprint(self) -> Fingerprint:
        return Fingerprint(paths=self.array.tolist())
