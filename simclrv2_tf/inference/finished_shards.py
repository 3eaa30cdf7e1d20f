"""Unreadable images of the shards that an earlier call finished."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.example_names import example_names
from simclrv2_tf.data.example_names import names_by_place
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference.result_shards import Shards

_ARCHIVE = b"PK"  # what NumPy's begin with, and no TFRecord of ours


def restore(unreadable: UnreadableImages, shards: Shards) -> None:
    """Counts images that finished shards lack among the unreadable ones.

    Args:
      unreadable: `UnreadableImages` of the shards' source, which go on.
      shards: `Shards`, some of which may be there.

    Raises:
      ValueError: If more are lacking than may be unreadable.
    """
    lacking = list(_lacking(shards, unreadable.source))
    if len(lacking) > unreadable.allowed:
        raise ValueError(
            "Too many images are missing from the finished parts in "
            f"{shards.directory!r}: {len(lacking)} of {unreadable.total}, the "
            f"first {unreadable.source.where(lacking[0])}. Expected: "
            f"{unreadable.allowed} at most, by --max_corrupt_fraction="
            f"{unreadable.max_fraction:g}. Raise that, or mend the images and "
            "remove the directory."
        )
    unreadable.restore(lacking)


def _lacking(shards, source) -> Iterator[int]:
    """Numbers of the examples that finished shards have no row of."""
    names = _Names(source)
    missing = set(shards.missing())
    for shard in range(len(shards)):
        if shard in missing:
            continue
        numbers = np.arange(*shards.bounds(shard))
        there = _numbers(shards.path(shard))
        if there is None:
            yield from names.lacking(shards.path(shard), numbers)
        else:
            yield from np.setdiff1d(numbers, there).tolist()


def _numbers(path):
    """Which examples an archive has rows of; None for TFRecords."""
    with tf.io.gfile.GFile(path, "rb") as file:
        if file.read(len(_ARCHIVE)) != _ARCHIVE:
            return None
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return arrays["numbers"]


class _Names:
    """What examples are called in TFRecords, today or by earlier versions."""

    def __init__(self, source):
        self._of = functools.cache(lambda kind: kind(source))

    def lacking(self, path, numbers) -> list[int]:
        """Which of some examples a file has no record of, in their order."""
        files = _files_in(path)
        for kind in (example_names, names_by_place):
            names = self._of(kind)
            left, lacking = list(reversed(files)), []
            for number in numbers.tolist():
                if left and left[-1] == names[number]:
                    left.pop()
                else:
                    lacking.append(number)
            if not left:
                return lacking
        return []  # their names differ, and match no example


def _files_in(path):
    """The column `file` of a TFRecord of embeddings."""
    spec = {"file": tf.io.FixedLenFeature([], tf.string)}
    batches = tf.data.TFRecordDataset(path).batch(1024)
    return [
        file.decode()
        for batch in batches
        for file in tf.io.parse_example(batch, spec)["file"].numpy()
    ]
