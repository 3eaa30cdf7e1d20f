"""`--cache_dataset`: images decoded once and held in memory, where they fit."""

import dataclasses
import logging
import pathlib

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decoded import Decoded
from simclrv2_tf.data.mapped import Mapped
from simclrv2_tf.data.skip_errors import cores

_LOG = logging.getLogger("simclrv2_tf")

SHARE = 1 / 3  # of the free memory: pixels are held twice for a moment
SAMPLE = 256  # images whose sizes tell what all would take


def cached(source, limit=None):
    """The source with its images decoded, or itself where they do not fit.

    Args:
      source: A `Source`.
      limit: Bytes that the pixels may take; None for a third of the memory
        that is free.

    Returns:
      A `Source` of the same examples; the log says what became of it.
    """
    limit = free_memory() * SHARE if limit is None else limit
    if isinstance(source.images, Mapped):
        size = np.prod(source.images.shape) * source.images.dtype.itemsize
        if size <= limit:
            images = np.asarray(source.images)
            return dataclasses.replace(source, images=images)
    if source.images is not None or source.decoded is not None:
        return source
    few = np.linspace(0, source.num_examples - 1, SAMPLE).astype(int)
    sample = [image.size for _, image in _decode(source, np.unique(few))]
    expected = np.mean(sample or [0]) * source.num_examples
    held = _hold(source, limit) if expected <= limit else None
    if held is None:
        _LOG.warning(
            "cache_dataset: %s takes about %.1f GB decoded and %.1f GB are "
            "free for it; its images are decoded when they are needed",
            source.name,
            expected / 1e9,
            limit / 1e9,
        )
        return source
    bare = dict.fromkeys(("encoded", "paths", "places", "shape"))
    return dataclasses.replace(source, **bare, **held)


def _hold(source, limit):
    """Pixels of all images, as the fields of a `Source`; None if too many."""
    shapes = np.zeros((source.num_examples, 3), np.int32)
    images, held = [np.zeros(0, np.uint8)] * source.num_examples, 0
    for number, image in _decode(source, np.arange(source.num_examples)):
        images[number], shapes[number] = image, image.shape
        held += image.nbytes
        if held > limit:
            return None
    _LOG.info("cache_dataset: %.2f GB of pixels in memory", held / 1e9)
    if (shapes == shapes[0]).all() and shapes.all():
        return {"images": np.stack(images)}
    ends = np.cumsum(shapes.prod(axis=1, dtype=np.int64))
    begin = np.concatenate([[0], ends[:-1]])
    pixels = np.concatenate([image.ravel() for image in images])
    return {"decoded": Decoded(pixels, begin, shapes)}


def _decode(source, numbers):
    """Yields number and pixels of those examples that can be read."""
    fetch = source.pixels()
    decoded = tf.data.Dataset.from_tensor_slices(numbers).map(
        lambda number: (number, fetch(number)), num_parallel_calls=cores()
    )
    yield from decoded.ignore_errors().prefetch(64).as_numpy_iterator()


def free_memory():
    """Bytes of memory that could be taken, infinite where nothing tells."""
    free = [_meminfo(), _control_group()]
    return min((f for f in free if f is not None), default=np.inf)


def _meminfo():
    try:
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["MemAvailable"].split()[0]) * 1024


def _control_group():
    """What a container leaves: its limit less what it holds."""
    group = pathlib.Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        return limit - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or no limit ("max")
        return None
