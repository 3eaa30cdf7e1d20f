"""How long images take to decode, where they are not kept in memory."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.cache import SHARE
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.machine.cores import cores
from simclrv2_tf.machine.free_memory import free_memory

SECONDS = 4.0  # for looking, at most
MOST = 256  # images that are decoded, or
ROUNDS = 8  # for each core, so that what the first ones wait for tells little


@dataclasses.dataclass(frozen=True)
class DecodingTime:
    """Seconds that an image takes on all cores; 0 where it is in memory.

    Attributes:
      image: Of all images.
      labelled: Of the labelled ones, which are few and may fit the memory.
    """

    image: float = 0.0
    labelled: float = 0.0


IN_MEMORY = DecodingTime()


def measure(source: Source, labelled: int, cache: bool) -> DecodingTime:
    """Decodes a few images that are spread over the data set.

    Args:
      source: A `Source`.
      labelled: How many of its images are labelled.
      cache: Whether images are kept in memory if they fit
        (`--cache_dataset`).
    """
    if not source.storage.encoded:
        return IN_MEMORY
    size, seconds = _decode_some(source)
    room = SHARE * free_memory() if cache else 0.0
    all_fit = size * source.num_examples <= room
    labelled_fit = size * labelled <= room
    return DecodingTime(
        image=0.0 if all_fit else seconds,
        labelled=0.0 if labelled_fit else seconds,
    )


def _decode_some(source: Source) -> tuple[float, float]:
    """Bytes of the pixels of an image, and seconds from one to the next."""
    sizes, times = [], []
    for image in _decoded(source):
        times.append(time.monotonic())
        sizes.append(image.nbytes)
        if times[-1] - times[0] > SECONDS:
            break
    if len(times) < 2:
        return float(np.mean(sizes or [0])), 0.0
    return float(np.mean(sizes)), (times[-1] - times[0]) / (len(times) - 1)


def _decoded(source):
    """Yields the pixels of some images; what cannot be read is left out."""
    numbers = spread(source.num_examples, min(MOST, ROUNDS * cores()))
    images = tf.data.Dataset.from_tensor_slices(numbers).map(
        source.pixels(), num_parallel_calls=cores()
    )
    yield from images.ignore_errors().as_numpy_iterator()
