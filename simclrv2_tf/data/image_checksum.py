"""Whether images are those that they were: others may have the same names."""

from __future__ import annotations

import os
import zlib

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files
from simclrv2_tf.files.paths import is_remote

LOOKED_AT = 64  # images whose bytes stand for all
WHOLE = 2**28  # bytes of an array that are all looked at


def image_checksum(source: Source) -> int:
    """A checksum of a source's images.

    Of arrays up to `WHOLE` bytes it is of all images, else of `LOOKED_AT` of
    them, evenly spread, but for those that cannot be read; of encoded images
    and of files on this machine, of all their sizes besides.

    Returns:
      CRC-32 of pixels, or of the bytes of encoded images.
    """
    contents = source.storage.contents()
    pixels = isinstance(contents, np.ndarray) and contents.dtype.kind in "uif"
    if pixels and contents.nbytes <= WHOLE:
        return zlib.crc32(np.ascontiguousarray(contents).data)
    checksum = zlib.crc32(_sizes(source.storage).tobytes())
    for number in spread(source.num_examples, LOOKED_AT):
        checksum = zlib.crc32(_bytes_of(source, number), checksum)
    return checksum


def _sizes(storage):
    """Bytes of each image, -1 for a file that is gone; none where not known."""
    if isinstance(storage, Encoded):
        return np.array([len(image) for image in storage.array])
    if not isinstance(storage, Files) or not len(storage):
        return np.zeros(0, np.int64)
    if is_remote(storage.path(0)):
        return np.zeros(0, np.int64)
    paths = map(storage.path, range(len(storage)))
    return np.array([_size(path) for path in paths])


def _size(path):
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _bytes_of(source, number):
    try:
        image = source.storage.read(number)
    except (OSError, ValueError, tf.errors.OpError):
        return b""
    return image if isinstance(image, bytes) else np.asarray(image).tobytes()
