"""How long images take to decode, and what they take in memory then."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.machine.cores import cores

SECONDS = 4.0  # for looking, at most
MOST = 256  # images that are decoded, or
ROUNDS = 8  # for each core, so that what the first ones wait for tells little


@dataclasses.dataclass(frozen=True)
class DecodingTime:
    """What an image of a data set takes.

    Attributes:
      image: Seconds to decode it on all cores; 0 where it is there as pixels.
      nbytes: Of its pixels.
      kept: Names of the stages that decode it once and keep it in memory.
    """

    image: float = 0.0
    nbytes: float = 0.0
    kept: tuple[str, ...] = ()

    def of(self, stage: str) -> float:
        """Seconds that an image takes in each epoch of a stage."""
        return 0.0 if stage in self.kept else self.image


IN_MEMORY = DecodingTime()


def measure(source: Source) -> DecodingTime:
    """Decodes a few images that are spread over the data set.

    Args:
      source: A `Source`; of one with pixels a single image is looked at.
    """
    if source.storage.encoded:
        size, seconds = _decode_some(source)
        return DecodingTime(seconds, size)
    return DecodingTime(nbytes=float(np.asarray(source.storage.read(0)).nbytes))


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
