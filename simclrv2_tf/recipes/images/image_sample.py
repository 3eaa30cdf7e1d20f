"""A look at some images: how large they are, and whether they can be used."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import Source

SAMPLE = 48  # images that are looked at, spread over the data set


@dataclasses.dataclass(frozen=True)
class ImageSample:
    """What the looked-at images are like.

    Attributes:
      side: Median of their shorter sides in pixels.
      elongation: Median of their longer sides over their shorter ones.
      tried: How many were looked at.
      read: How many could be read.
      flat: How many of those are of one colour all over.
    """

    side: int
    elongation: float
    tried: int
    read: int
    flat: int


def look_at(source: Source) -> ImageSample:
    """Looks at images of a source, the same ones whenever it is asked."""
    count = min(SAMPLE, source.num_examples)
    numbers = np.unique(
        np.linspace(0, source.num_examples - 1, count).astype(int)
    )
    fetch = source.pixels()
    images = [image for image in map(_reader(fetch), numbers) if image.size]
    sides = np.array([sorted(i.shape[:2]) for i in images]).reshape(-1, 2)
    return ImageSample(
        side=int(np.median(sides[:, 0])) if images else 0,
        elongation=_elongation(sides),
        tried=len(numbers),
        read=len(images),
        flat=sum(bool((i == i[:1, :1]).all()) for i in images),
    )


def _elongation(sides):
    """Of rows of a shorter and a longer side."""
    return float(np.median(sides[:, 1] / sides[:, 0])) if len(sides) else 1.0


def _reader(fetch):
    def read(number):
        try:
            return fetch(tf.constant(number, tf.int64)).numpy()
        except (tf.errors.OpError, OSError, ValueError):
            return np.zeros(0)

    return read


def check(source: Source, sample: ImageSample) -> None:
    """Raises a ValueError unless there is something to learn from."""
    if not sample.read:
        raise ValueError(
            f"The images must be readable. Received: {source.name}, where "
            f"none of {sample.tried} can be read; --dataset_summary says why."
        )
    if sample.flat == sample.read:
        raise ValueError(
            f"The images must show something. Received: {source.name}, where "
            f"all of {sample.read} are of one colour."
        )
