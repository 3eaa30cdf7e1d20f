"""Opening files, on this machine or in a bucket."""

from __future__ import annotations

import io
from typing import BinaryIO

import tensorflow as tf

from simclrv2_tf.files.paths import is_remote


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading bytes, on this machine or in a bucket.

    Raises:
      OSError: If it cannot be read, wherever it is.
    """
    if is_remote(path):
        return io.BufferedReader(_Remote(path))
    return open(path, "rb")


class _Remote(io.RawIOBase):
    """`tf.io.gfile` as what Python's own libraries take for a file."""

    def __init__(self, path):
        self._file = tf.io.gfile.GFile(path, "rb")
        self._position = 0
        self._size = self._do(self._file.size)

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._position

    def seek(self, offset, whence=io.SEEK_SET):
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}
        base = bases.get(whence, self._size)
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer):
        wanted = max(0, min(len(buffer), self._size - self._position))
        if not wanted:
            return 0
        self._do(self._file.seek, self._position)
        data = self._do(self._file.read, wanted)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _do(self, function, *arguments):
        try:
            return function(*arguments)
        except tf.errors.NotFoundError as error:
            raise FileNotFoundError(error.message) from None
        except tf.errors.OpError as error:
            raise OSError(error.message) from None

    def close(self):
        if not self.closed:
            self._file.close()
        super().close()
