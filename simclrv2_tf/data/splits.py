"""Names of splits and their slices: "train", "train[:10%]"."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

TRAIN = ("train", "training")
VALIDATION = ("validation", "val", "valid", "dev")
TEST = ("test", "testing")
# What a split may be called, the likeliest first.
ALIASES = {
    "train": TRAIN,
    "validation": (*VALIDATION, *TEST),
    "test": (*TEST, *VALIDATION),
    "unlabelled": ("unlabelled", "unlabeled", "unsupervised"),
}
KNOWN = tuple(sorted({name for names in ALIASES.values() for name in names}))


_SPLIT = re.compile(r"([^\[\]+]*\w[^\[\]+]*)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")
# First and last example of a slice as text, None for the ends.
Bounds = tuple[str | None, str | None]


class NoSplitError(ValueError):
    """A data set lacks the split that is asked for.

    Attributes:
      known: Names of the splits that it has.
    """

    def __init__(self, message: str, known: Sequence[str] = ()):
        super().__init__(message)
        self.known = tuple(known)


def parse_split(split: str) -> tuple[str, Bounds]:
    """ "train[:10%]" to ("train", (None, "10%")).

    A name may hold anything but "[", "]" and "+": "hold-out", "fold 1".
    """
    match = _SPLIT.fullmatch(split)
    if match is None:
        if "+" in split:  # TFDS reads it by itself
            return split.split("[")[0].split("+")[0], (None, None)
        raise ValueError(
            "A split must be a name, or a name with a slice such as "
            f"'train[:10%]'. Received: {split!r}"
        )
    return match[1], (match[2], match[3])


def names_in(split: str) -> set[str]:
    """Names of the splits in one that may be a sum, without their slices."""
    return {part.partition("[")[0].strip() for part in split.split("+")}


def choose_split(
    known: Sequence[str], split: str, name: str
) -> tuple[str, Bounds]:
    """Finds a split among those that a data set has.

    Args:
      known: Names of the splits.
      split: The one asked for, perhaps with a slice. Where all is one split,
        "train", a slice of another names a part of it: `validation[90%:]`.
      name: Of the data set, for messages.

    Returns:
      The split's name among `known`, and the bounds of the slice. A name
      that is known is taken as it is, whatever signs it holds.

    Raises:
      NoSplitError: If it is not there.
    """
    if split in known:
        return split, (None, None)
    wanted, bounds = parse_split(split)
    if "+" in split:
        raise ValueError(
            "Sums of splits are for TFDS data sets; join others as "
            f"concat:A,B. Received: split={split!r} of {name!r}"
        )
    for candidate in (wanted, *ALIASES.get(wanted, ())):
        if candidate in known:
            return candidate, bounds
    message = no_split(name, split, known)
    if set(known) <= set(TRAIN):
        if wanted in ALIASES and bounds != (None, None):
            return known[0], bounds
        message += (
            "; its images are all one split: take a part that training leaves "
            "out, such as train[90%:]"
        )
    raise NoSplitError(message, known)


def same_split(known: Sequence[str], wanted: str) -> str | None:
    """The split of that name, or else of one that means the same.

    "val" is "validation", but "test" is not, which `choose_split` takes where
    there is nothing else.
    """
    groups = (TRAIN, VALIDATION, TEST, ALIASES["unlabelled"])
    alike = next((group for group in groups if wanted in group), ())
    return next((name for name in (wanted, *alike) if name in known), None)


def cut(
    indices: np.ndarray, bounds: Bounds, shuffle: bool = False
) -> np.ndarray:
    """The part of the indices that a slice names.

    Args:
      indices: int (examples,).
      bounds: First and last, as `parse_split` gives them.
      shuffle: Whether to cut a shuffled order, always the same one: files
        come sorted by class.

    Returns:
      The sorted part.
    """
    if bounds == (None, None):
        return indices
    if shuffle:
        indices = np.random.Generator(np.random.PCG64(0)).permutation(indices)
    start, stop = (_bound(text, len(indices)) for text in bounds)
    part = np.sort(indices[start:stop])
    if not len(part):
        slice_ = ":".join(text or "" for text in bounds)
        raise ValueError(
            f"The slice [{slice_}] must hold an image. Received: none of "
            f"{len(indices)}"
        )
    return part


def _bound(text, count):
    if text is None or not text.endswith("%"):
        return text if text is None else int(text)
    place = round(count * int(text[:-1]) / 100)
    return max(count + place, 0) if text.startswith("-") else place


def no_split(name: str, split: str, known: Sequence[str]) -> str:
    """The message for a split that is not there."""
    return (
        f"The data set {name!r} has the splits {', '.join(known)}. "
        f"Received: split={split!r}"
    )
