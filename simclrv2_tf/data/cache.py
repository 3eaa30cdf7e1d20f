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

SHARE = 1 / 3  # of the free memory: for a moment pixels are there twice
SAMPLE = 256  # images whose sizes tell what all would take


def cached(source: Source, limit: float | None = None) -> Source:
    """The source with its images decoded, or itself where they do not fit.

    Args:
      source: A `Source`.
      limit: Bytes that the pixels may take; None for a third of the memory
        that is free.

    Returns:
      A `Source` of the same examples; the log says what became of it.
    """
    limit = free_memory() * SHARE if limit is None else limit
    if isinstance(source.storage, Mapped) and source.storage.nbytes <= limit:
        return dataclasses.replace(source, storage=source.storage.in_memory())
    if not source.storage.encoded:
        return source
    few = spread(source.num_examples, SAMPLE)
    sample = [image.size for _, image in _decode(source, few)]
    expected = float(np.mean(sample or [0])) * source.num_examples
    storage = _decoded(source, limit) if expected <= limit else None
    if storage is None:
        _LOG.warning(
            "cache_dataset: %s takes about %s decoded and %s are "
            "free for it; its images are decoded when they are needed",
            source.name,
            gigabytes(expected),
            gigabytes(limit),
        )
        return source
    return dataclasses.replace(source, storage=storage, shape=None)


def _decoded(source: Source, limit: float) -> Storage | None:
    """Pixels of all images; None if they take more than `limit` bytes."""
    images, size = [np.zeros((0, 0, 0), np.uint8)] * source.num_examples, 0
    for number, image in _decode(source, np.arange(source.num_examples)):
        images[number] = image
        size += image.nbytes
        if size > limit:
            return None
    _LOG.info("cache_dataset: %s of pixels in memory", gigabytes(size))
    if len({image.shape for image in images}) == 1 and images[0].size:
        return InMemory(np.stack(images))
    return Decoded.of_images(images)


def _decode(
    source: Source, numbers: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Yields number and pixels of those examples that can be read."""
    fetch = source.pixels()
    decoded = tf.data.Dataset.from_tensor_slices(numbers).map(
        lambda number: (number, fetch(number)), num_parallel_calls=cores()
    )
    yield from decoded.ignore_errors().prefetch(64).as_numpy_iterator()
