"""Whether encoded images in larger files are at the places they were at."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.image_checksum import image_checksum
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.joined import Joined
from simclrv2_tf.data.sources.table.parquet_rows import Rows
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Storage


def place_checksum(source: Source) -> int | None:
    """A checksum of where images are in larger files, and of their sizes.

    It is for what `image_checksum` looks at in a few images alone: shards may
    be written anew under their names. The names do not count, so that files
    may be moved.

    Returns:
      CRC-32; None where images are in no larger files.
    """
    if not isinstance(source.storage, (ByteRanges, Rows, Joined)):
        return None
    checksum = 0
    for numbers in _numbers(source.storage):
        checksum = zlib.crc32(numbers.tobytes(), checksum)
    return checksum


def _numbers(storage: Storage) -> Iterator[np.ndarray]:
    """Arrays that tell the places of images, and sizes."""
    if isinstance(storage, ByteRanges):
        yield from (storage.which, storage.begin, storage.size)
    elif isinstance(storage, Rows):
        yield storage.rows
        used = np.unique(storage.rows[:, 0]).tolist()
        yield np.array([_size(storage.files[number]) for number in used])
    elif isinstance(storage, Joined):
        yield from (storage.which, storage.index)
        for source in storage.sources:
            sums = image_checksum(source), place_checksum(source) or 0
            yield np.array(sums, np.int64)


def _size(path):
    """Bytes of a file, -1 where it is gone."""
    try:
        return tf.io.gfile.stat(path).length
    except tf.errors.OpError:
        return -1
