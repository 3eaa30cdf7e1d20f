"""A look at some images: how large they are, and whether they can be used."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.sixteen_bits import too_dark
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.data.unreadable import UNREADABLE
from simclrv2_tf.data.unreadable import UnreadableImages

SAMPLE = 48  # images that are looked at, spread over the data set
FEW_FLAT = 3  # images of one colour among those looked at; fewer happen
SURELY = 1e-3  # the chance below which what was seen is not taken for chance
GREY = 8  # of 255 levels, by which channels of a grey JPEG may differ


@dataclasses.dataclass(frozen=True)
class ImageSample:
    """What the looked-at images are like.

    Attributes:
      side: Median of their shorter sides in pixels.
      elongation: Median of their longer sides over their shorter ones.
      tried: How many were looked at.
      read: How many could be read.
      flat: How many of those are of one colour all over.
      unreadable: Numbers of those that could not be read.
      grey: Whether all have equal channels, but for JPEG's noise.
    """

    side: int
    elongation: float
    tried: int
    read: int
    flat: int
    unreadable: tuple[int, ...] = ()
    grey: bool = False

    @property
    def pixels(self) -> int:
        """Of an image of median size."""
        return int(self.side**2 * self.elongation)


def look_at(source: Source) -> ImageSample:
    """Looks at images of a source, the same ones whenever it is asked."""
    numbers = spread(source.num_examples, SAMPLE)
    looks = list(map(_looker(source.pixels()), numbers))
    seen = [look for look in looks if look]
    sides = np.array([sorted(look.sides) for look in seen]).reshape(-1, 2)
    return ImageSample(
        side=int(np.median(sides[:, 0])) if seen else 0,
        elongation=_elongation(sides),
        tried=len(numbers),
        read=len(seen),
        flat=sum(look.flat for look in seen),
        unreadable=tuple(
            int(number)
            for number, look in zip(numbers, looks, strict=True)
            if not look
        ),
        grey=bool(seen) and all(look.grey for look in seen),
    )


def _elongation(sides):
    """Of rows of a shorter and a longer side."""
    return float(np.median(sides[:, 1] / sides[:, 0])) if len(sides) else 1.0


class _Look(NamedTuple):
    """What is kept of an image, whose pixels may be many."""

    sides: tuple[int, int]
    flat: bool
    grey: bool


def _looker(fetch):
    def look(number):
        try:
            image = fetch(tf.constant(number, tf.int64)).numpy()
        except UNREADABLE:
            return None
        if not image.size:
            return None
        flat = bool((image == image[:1, :1]).all())
        return _Look(image.shape[:2], flat, _is_grey(image))

    return look


def _is_grey(image):
    """Whether the channels of an image, uint8 or float, are equal."""
    levels = 1 if image.dtype == np.uint8 else 255
    return bool(np.rint(np.ptp(image, axis=-1).max() * levels) <= GREY)


def check(
    source: Source, sample: ImageSample, max_corrupt_fraction: float
) -> None:
    """Raises a ValueError unless there is something to learn from.

    Also if 16-bit files are all but black, and if a run on these images would
    surely stop, as too many cannot be read: with its sentence where as many
    were met.
    """
    if not sample.read:
        raise ValueError(
            f"The images must be readable. Received: {source.name}, where "
            f"none of {sample.tried} can be read; --dataset_summary says why."
        )
    if sample.flat == sample.read:
        raise ValueError(
            f"The images must show something. Received: {source.name}, where "
            f"all of {sample.read} are of one colour.{_transparent(source)}"
        )
    if dark := too_dark(source):
        raise ValueError(dark)
    run = UnreadableImages(source, max_corrupt_fraction)
    if len(sample.unreadable) > run.allowed:
        run.report(sample.unreadable)  # raises
    if _surely_more(sample, run):
        raise ValueError(
            f"{_seen(source, sample)}, which are surely more than the "
            f"{_allowance(run)}; --dataset_summary names them."
        )


def _transparent(source):
    """What may be wrong with files whose pixels are all alike."""
    if not source.storage.encoded:
        return ""
    return (
        " Transparency is not read: paint what is drawn in it alone, as some "
        "icons are, on a ground of another colour (with ImageMagick: mogrify "
        "-background white -flatten *.png)."
    )


def notes(
    source: Source, sample: ImageSample, max_corrupt_fraction: float
) -> list[str]:
    """Sentences about images that cannot be read, or that show nothing."""
    return [
        *_of_unreadable(source, sample, max_corrupt_fraction),
        *_of_one_colour(source, sample),
    ]


def _of_one_colour(source, sample):
    if sample.flat < FEW_FLAT:
        return []
    return [
        f"data: {sample.flat} of {sample.read} images looked at are of one "
        f"colour.{_transparent(source)}"
    ]


def _of_unreadable(source, sample, max_corrupt_fraction):
    if not sample.unreadable:
        return []
    run = UnreadableImages(source, max_corrupt_fraction)
    return [
        f"data: {_seen(source, sample)}: such images are left out, up to the "
        f"{_allowance(run)}"
    ]


def _surely_more(sample, run):
    """Whether a data set with as many as may be would hardly show so many.

    The chance is that of a draw without replacement.
    """
    from scipy import stats

    by_chance = stats.hypergeom(run.total, run.allowed, sample.tried)
    return by_chance.sf(len(sample.unreadable) - 1) < SURELY


def _seen(source, sample):
    return (
        f"{len(sample.unreadable)} of {sample.tried} images looked at cannot "
        f"be read, such as {source.where(sample.unreadable[0])}"
    )


def _allowance(run):
    return (
        f"{run.allowed:,} of {run.total:,} that --max_corrupt_fraction="
        f"{run.max_fraction:g} allows"
    )
