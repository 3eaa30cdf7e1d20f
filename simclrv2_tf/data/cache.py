"""`--cache_dataset`: images decoded once and kept in memory, where they fit."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.data.storage import Decoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.storage import Storage
from simclrv2_tf.machine.cores import cores
from simclrv2_tf.machine.free_memory import free_memory

_LOG = logging.getLogger("simclrv2_tf")

# The array, the tensor that batches are made from, and what `tf.data` makes of
# it: a process grows by 3.2 times the pixels.
COPIES = 3
# Of the free memory, for the pixels: by the copies they take 0.8 of it, and the
# network has the rest.
SHARE = 1 / 4
GROWTH = 1 / 8  # by which an array grows where its images are larger
SAMPLE = 256  # images whose sizes tell what all would take


def cached(source: Source, limit: float | None = None) -> Source:
    """The source with its images decoded, or itself where they do not fit.

    Args:
      source: A `Source`.
      limit: Bytes that the pixels may take; None for a quarter of the
        memory that is free.

    Returns:
      A `Source` of the same examples; the log says what became of it.
    """
    limit = free_memory() * SHARE if limit is None else limit
    if isinstance(source.storage, Mapped):
        if source.storage.nbytes > limit:
            _warn_of_size(source, source.storage.nbytes, limit, "read")
            return source
        return dataclasses.replace(source, storage=source.storage.in_memory())
    if not source.storage.encoded:
        return source
    few = spread(source.num_examples, SAMPLE)
    sample = [image.size for _, image in _decode(source, few)]
    expected = float(np.mean(sample or [0])) * source.num_examples
    storage = _decoded(source, expected, limit) if expected <= limit else None
    if storage is None:
        _warn_of_size(source, expected, limit, "decoded")
        return source
    return dataclasses.replace(source, storage=storage, shape=None)


def _warn_of_size(source, size, limit, done):
    """Says that a source does not fit, and what is done with its images."""
    _LOG.warning(
        "cache_dataset: %s takes about %s %s and %s are free for it; its "
        "images are %s when they are needed",
        source.name,
        gigabytes(size),
        done,
        gigabytes(limit),
        done,
    )


def _decoded(source: Source, expected: float, limit: float) -> Storage | None:
    """Pixels of all images; None if they take more than `limit` bytes."""
    pixels = _Pixels(int(expected))
    shapes = np.zeros((source.num_examples, 3), np.int32)
    for number, image in _decode(source, np.arange(source.num_examples)):
        pixels.append(image)
        shapes[number] = image.shape if image.size else 0
        if pixels.size > limit:
            return None
    _LOG.info("cache_dataset: %s of pixels in memory", gigabytes(pixels.size))
    if pixels.size and (shapes == shapes[0]).all():
        return InMemory(pixels.array.reshape(len(shapes), *shapes[0]))
    return Decoded.of_shapes(pixels.array, shapes)


class _Pixels:
    """Images end to end, in an array that is there once.

    A list of images that is stacked at its end takes twice as much.
    """

    def __init__(self, expected: int):
        self._array = np.empty(expected, np.uint8)
        self.size = 0

    @property
    def array(self) -> np.ndarray:
        """uint8 (bytes,)."""
        return self._array[: self.size]

    def append(self, image: np.ndarray) -> None:
        end = self.size + image.size
        if end > len(self._array):
            # Where the system can, without a copy.
            self._array.resize(int((1 + GROWTH) * end), refcheck=False)
        self._array[self.size : end] = image.ravel()
        self.size = end


def _decode(
    source: Source, numbers: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Yields number and pixels of the readable examples, in their order."""
    fetch = source.pixels()
    decoded = tf.data.Dataset.from_tensor_slices(numbers).map(
        lambda number: (number, fetch(number)), num_parallel_calls=cores()
    )
    yield from decoded.ignore_errors().prefetch(64).as_numpy_iterator()
