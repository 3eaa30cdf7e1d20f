"""Data whose classes take the numbers that a classifier gives them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source

NAMED = 4  # classes at most that a note names


class OtherClassesError(ValueError):
    """Data have a class that a classifier does not know."""


def renumber(
    source: Source, classes: Sequence[str], who: str, as_written: bool = True
) -> Source:
    """The source with the classes of a classifier, in the classifier's order.

    Args:
      source: A `Source`; without labels it stays as it is.
      classes: Names of the classifier's classes.
      who: The classifier, in words.
      as_written: False where an earlier version may have rewritten `classes`,
        see `unknown_classes`.

    Raises:
      OtherClassesError: If the data have a class that is not among them.
    """
    names = source.class_names
    if not names or names == tuple(classes):
        return source
    unknown = unknown_classes(names, classes, as_written)
    if unknown:
        raise OtherClassesError(
            f"{who} and the data must have the same classes, by name. "
            f"Received: {listed(unknown)} in {source.name}, which are not "
            f"among {listed(list(classes))}: give other data, or say with "
            "--label_map which class each label stands for"
        )
    table = np.array([*_places(names, classes, as_written), UNLABELLED])
    labels = table.astype(np.int32)[source.labels]
    return dataclasses.replace(
        source, labels=labels, class_names=tuple(classes)
    )


def lacking_words(source: Source) -> str:
    """Says which classes accuracy is not measured on, "" if it is on all.

    Args:
      source: A `Source` to be judged on, its classes those of training.

    Returns:
      The end of a sentence about its images.
    """
    names = source.class_names or ()
    absent = np.setdiff1d(np.arange(len(names)), source.labels)
    if not len(absent):
        return ""
    few = listed([repr(names[number]) for number in absent], NAMED)
    are = "is" if len(absent) == 1 else "are"
    return f"; none of these images is labelled {few}, which {are} not measured"


def unknown_classes(
    names: Sequence[str], classes: Sequence[str], as_written: bool = True
) -> list[str]:
    """Those of the names that are not among a classifier's classes.

    Earlier versions read "001" in a table as 1, and "1.0" as a name; a run of
    theirs knows its classes by what they made of them (`as_written=False`).
    """
    places = _places(names, classes, as_written)
    return [n for n, at in zip(names, places, strict=True) if at is None]


def same_classes(
    names: Sequence[str], classes: Sequence[str], as_written: bool = True
) -> bool:
    """Whether both have the same classes, in whatever order."""
    return set(_places(names, classes, as_written)) == set(range(len(classes)))


def _places(names, classes, as_written):
    """Number of each name among the classes, None where it is not there."""
    places = {name: place for place, name in enumerate(classes)}
    if as_written:
        return [places.get(name) for name in names]
    values = {_value(name): place for place, name in enumerate(classes)}
    return [places.get(name, values.get(_value(name))) for name in names]


def _value(name):
    whole = re.fullmatch(r"([0-9]+)(\.0*)?", name)
    return int(whole[1]) if whole else name
