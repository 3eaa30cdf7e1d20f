"""From names of classes to their numbers, the same for all data."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.source import UNLABELLED


def in_order(names: Iterable[str]) -> list[str]:
    """Names in the order of their numbers, wherever they come from.

    Whole numbers go first and by size (0, 1, 2, ..., 10, 11), then the other
    names by their letters.
    """
    return sorted(names, key=_place)


def _place(name):
    if not (name.isascii() and name.isdecimal()):
        return (1, 0, "", name)
    digits = name.lstrip("0")  # of whatever length
    return (0, len(digits), digits, name)


def is_number(name: str) -> bool:
    """Whether a name is a whole number as such; "001" is a name like others."""
    digits = name.isascii() and name.isdecimal()
    return digits and (name == "0" or not name.startswith("0"))


def number_classes(
    labels: Sequence[str],
    classes: Sequence[str] | None,
    name: str,
    where: Callable[[int], str],
    mapped: bool = False,
    remedy: str = "",
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Numbers the classes of one split.

    Where none are known, they are those that have an example. A label map may
    join classes of another split that training lacks.

    Args:
      labels: Names (examples,), "" for unlabelled, see `label_names`.
      classes: The classes, where they are known: those of the training split,
        or None.
      name: Of the data set, for messages.
      where: Function from an example's number to where it comes from.
      mapped: Whether a label map is to say what each label stands for.
      remedy: What to do about a label outside of the classes, for the error.

    Returns:
      Labels, int32 (examples,), -1 for unlabelled, and the names of the
      classes in order, a tuple or None.

    Raises:
      ValueError: For a label outside of the classes.
    """
    if classes is None:
        classes = in_order(set(labels) - {""})
    elif mapped:
        classes = [*classes, *in_order(set(labels) - {"", *classes})]
    numbers = {known: index for index, known in enumerate(classes)}
    numbers[""] = UNLABELLED
    for label in set(labels) - set(numbers):
        near = nearest_name(label, classes)
        raise ValueError(
            f"The label {label!r} of {where(list(labels).index(label))} is "
            f"outside the classes of {name}, which are {listed(classes)}"
            + (f": did you mean {near!r}?" if near else "")
            + remedy
        )
    numbered = np.array([numbers[label] for label in labels], np.int32)
    return numbered, tuple(classes) or None


def names_or_numbers(
    count: int, *candidates: Sequence[str] | None
) -> list[str]:
    """Names of a network's classes, their numbers where none are known.

    Args:
      count: Of the classes.
      *candidates: Names that may be theirs, the likeliest first, None for
        none; those of another number of classes are not.

    Returns:
      List of `count` names, "0", "1", … where no candidate fits.
    """
    fitting = (names for names in candidates if names and len(names) == count)
    return list(next(fitting, map(str, range(count))))


def listed(names: Sequence, most: int = 8) -> str:
    """Names for a message: the first of them, and how many there are."""
    shown = ", ".join(map(str, names[:most]))
    return shown if len(names) <= most else f"{shown}, ... ({len(names)})"


def written_alike(names: Sequence[str]) -> list[str]:
    """Sentences about classes whose names differ in case or spaces alone."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_folded(name), []).append(name)
    return [
        f"the classes {listed([*map(repr, group)])} differ in capitals or "
        "spaces alone: --label_map joins them"
        for group in groups.values()
        if len(group) > 1
    ]


# A name is a likely slip of another if it has at most so many examples, and
# the other this many times as many.
_FEW, _MORE = 2, 5
_COMPARED = 300  # names at most; more were not typed in by hand


def nearest_name(name: str, known: Iterable[str] | None) -> str | None:
    """The known name of the closest spelling, None if none is close.

    A number is close to no other: "7" is no slip of "1".
    """
    words = {_folded(one): one for one in known or () if not is_number(one)}
    if is_number(name):
        return None
    near = difflib.get_close_matches(_folded(name), words, n=1, cutoff=0.75)
    return words[near[0]] if near else None


def _folded(name):
    return "".join(name.casefold().split())


def likely_slips(names: Sequence[str], labels: np.ndarray) -> list[str]:
    """Sentences about classes that may be another one, written wrong.

    Args:
      names: Of the classes.
      labels: int (examples,), -1 for unlabelled.
    """
    if len(names) > _COMPARED:
        return []
    counts = np.bincount(labels[labels >= 0], minlength=len(names)).tolist()
    sentences = []
    for name, count in zip(names, counts, strict=True):
        large = [
            other
            for other, many in zip(names, counts, strict=True)
            if 0 < count <= _FEW and many >= _MORE * count
            if _letters(other) != _letters(name)
        ]
        near = nearest_name(name, large)
        if near:
            sentences.append(
                f"the class {name!r} has {count} image"
                f"{'s' if count > 1 else ''}: did you mean {near!r}? "
                "--label_map joins them"
            )
    return sentences


def _letters(name):
    """A name without its numbers, which tell "room 1" from "room 12"."""
    return "".join(letter for letter in name if not letter.isdigit())
