"""Which labels a job can spare, so that accuracy is measured on them."""

from __future__ import annotations

import dataclasses

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.holdout import FRACTION
from simclrv2_tf.data.holdout import held_out
from simclrv2_tf.data.source import Source

LEAST_HELD_OUT = 20  # with fewer the 95 % interval is wider than 40 points
# Of the labels, in classes of which none are set aside: accuracy over all
# classes would differ by so much at most.
MOST_LEFT_OUT = 0.05
# Where small classes allow a smaller share alone: images of other classes than
# the largest, below which accuracy is that of one class.
LEAST_OF_OTHERS = 10


@dataclasses.dataclass(frozen=True)
class Spared:
    """Labelled images that are set aside.

    Attributes:
      numbers: Of the images, int64; None where too few can be spared.
      share: Of each class.
      note: What is set aside, or why nothing is, for a sentence.
    """

    numbers: np.ndarray | None
    share: float
    note: str


@dataclasses.dataclass(frozen=True)
class _Counts:
    """Labels of each class: there, set aside, and their names."""

    names: tuple[str, ...]
    there: np.ndarray
    aside: np.ndarray
    share: float

    @property
    def left(self):
        return self.there - self.aside

    @property
    def without(self):
        """Classes of which none are set aside, the largest first."""
        classes = np.flatnonzero(self.aside == 0)
        return classes[np.argsort(-self.there[classes], kind="stable")]


def spare(config: Config, source: Source, began: bool = False) -> Spared:
    """Chooses labelled images of each class to evaluate on.

    A few small classes may have none to spare; accuracy is then not measured
    on these. Where the usual share would leave one of them fewer labels than
    are asked for, and no share is given, a smaller one is taken.

    Args:
      config: The job's `Config`.
      source: A `Source` with a label of each class.
      began: Whether a job goes on that has set some aside, however few.
    """
    given = config.holdout_fraction
    share = FRACTION if given is None else given
    if not share:
        return Spared(None, share, "--holdout_fraction=0 sets no images aside")
    spared = _spare(config, source, share)
    if spared.numbers is None and given is None:
        return _by_less(config, source, began) or spared
    return spared


def _spare(config, source, share):
    """What a share of each class comes to."""
    numbers = held_out(source.labels, share)
    counts = _count(source, numbers, share)
    why = _why_too_few(counts, config.labels_per_class)
    if why:
        given = config.holdout_fraction and f" by --holdout_fraction={share:g}"
        note = f"too few labels to set some aside{given or ''} ({why})"
        return Spared(None, share, note)
    return Spared(numbers, share, _note_of(counts))


def _by_less(config, source, began):
    """What the share comes to that small classes allow, None if to nothing."""
    per_class = config.labels_per_class
    share = _allowed(source.labels[source.labels >= 0], per_class)
    if not 0 < share < FRACTION:
        return None
    spared = _spare(config, source, share)
    if spared.numbers is None:
        return None
    if not began and _says_little(source, spared.numbers):
        return None
    why = f"{FRACTION:.0%} would not leave --labels_per_class={per_class}"
    return dataclasses.replace(spared, note=f"{spared.note} ({why})")


def _says_little(source, numbers):
    """Whether accuracy on these images would be that of a single class."""
    aside = np.bincount(source.labels[numbers])
    return len(numbers) - aside.max() < LEAST_OF_OTHERS


def _allowed(labels, per_class):
    """The largest share, in hundredths, that leaves as many of each class.

    Every command sets aside by the share alone, and so it is the same for all
    classes. Of n labels they are share * n, rounded, halves up; so it is below
    (n - per_class + 0.5) / n.
    """
    there = np.bincount(labels)
    there = there[there > 0]
    spare = there - per_class
    if spare.min() < 0:
        return 0.0
    return int(((50 * (2 * spare + 1) - 1) // there).min()) / 100


def _count(source, numbers, share):
    names = source.class_names
    labels = source.labels[source.labels >= 0]
    aside = source.labels[numbers]
    there, aside = (
        np.bincount(x, minlength=len(names)) for x in (labels, aside)
    )
    return _Counts(names, there, aside, share)


def _note_of(counts):
    sentence = (
        f"{counts.aside.sum():,} labelled images set aside before training, "
        f"{counts.share:.0%} of each class"
    )
    if not len(counts.without):
        return sentence
    few = listed([_has(counts, index) for index in counts.without])
    return (
        f"{sentence} but {few}, which can spare none: it is not measured there"
    )


def _has(counts, index):
    """A class, and how many labels it has."""
    number = counts.there[index]
    plural = "" if number == 1 else "s"
    return f"the class {counts.names[index]!r} with {number:,} label{plural}"


def _why_too_few(counts, per_class):
    """What is too few, by name, and what to do; "" if there are enough."""
    if counts.left.min() < max(per_class, 1):
        return _leaves_too_few(counts, per_class)
    if counts.aside.sum() < LEAST_HELD_OUT:
        return _sets_too_few_aside(counts)
    lost = counts.there[counts.without].sum() / counts.there.sum()
    if lost > MOST_LEFT_OUT or (counts.aside > 0).sum() < 2:
        return _not_of_every_class(counts)
    return ""


def _leaves_too_few(counts, per_class):
    index = counts.left.argmin()
    left = counts.left[index]
    wanted = f"--labels_per_class={per_class}" if per_class else "one of each"
    return (
        f"{_has(counts, index)} would keep {left} of them, and {wanted} needs "
        f"more: label more of it, or give {_less(counts, left)}an evaluation "
        "split"
    )


def _less(counts, left):
    """What else would do, where as many are then set aside as it takes."""
    if counts.aside.sum() < LEAST_HELD_OUT:
        return ""
    if left:
        return f"--labels_per_class={left} or "
    return "a smaller --holdout_fraction or "


def _sets_too_few_aside(counts):
    return (
        f"{counts.aside.sum()} would be set aside, and {LEAST_HELD_OUT} are "
        f"the least; the smallest is {_has(counts, counts.there.argmin())}: "
        "label more, or give a larger --holdout_fraction or an evaluation "
        "split"
    )


def _not_of_every_class(counts):
    others = len(counts.without) - 1
    more = f", nor of {others:,} more" if others else ""
    return (
        f"{counts.share:.0%} of {_has(counts, counts.there.argmin())} are none"
        f"{more}: label more of it, or give an evaluation split"
    )
