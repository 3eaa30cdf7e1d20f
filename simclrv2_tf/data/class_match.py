"""Data sets renumbered to a classifier's classes."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source

_LOG = logging.getLogger("simclrv2_tf")
NAMED = 4  # classes at most that a note names
# In a run's flags: the names that its label map gave the classes. Where it
# stands the numbers of a label map count; in earlier versions names alone did.
MAPPED_NAMES = "label_map_class_names"


class OtherClassesError(ValueError):
    """Data have a class that a classifier does not know."""


def renumber(
    source: Source, classes: Sequence[str], who: str, as_written: bool = True
) -> Source:
    """The source with the classes of a classifier, in the classifier's order.

    They are matched by name, or by the numbers of a label map, see
    `goes_by_number`.

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
    if goes_by_number(source, classes, as_written):
        return _named_by_number(source, classes, who)
    unknown = unknown_classes(names, classes, as_written)
    if unknown:
        raise OtherClassesError(
            f"{who} and the data must have the same classes, by name. "
            f"Received: {listed(unknown)} in {source.name}, which are not "
            f"among {listed(list(classes))}: give other data, or say which "
            "class each label stands for, with --label_map where the data set "
            "has a name; a tf.data.Dataset takes the names as labels, and a "
            "Source as its class_names"
        )
    table = np.array([*_places(names, classes, as_written), UNLABELLED])
    labels = table.astype(np.int32)[source.labels]
    return dataclasses.replace(
        source, labels=labels, class_names=tuple(classes), numbered=False
    )


def goes_by_number(
    source: Source, classes: Sequence[str], as_written: bool = True
) -> bool:
    """Whether a label map's numbers are those of a classifier's classes.

    So they are, unless the classifier knows all of the names and these are
    words: a "cat" is a cat whatever its number, while a label "0" that stands
    for class 9 is not the class "0".

    Args:
      source: A `Source` with classes.
      classes: Names of the classifier's classes.
      as_written: See `renumber`.
    """
    names = source.class_names or ()
    if not source.numbered or names == tuple(classes):
        return False
    known = not unknown_classes(names, classes, as_written)
    return not known or all(map(is_number, names))


def without_numbers(source: Source) -> Source:
    """The source as earlier versions took it: its names alone count."""
    return dataclasses.replace(source, numbered=False)


def _named_by_number(source, classes, who):
    """The source with its numbers, and a classifier's names for them."""
    count, names = source.num_classes, source.class_names or ()
    if count > len(classes):
        raise OtherClassesError(
            f"{who} and the data must have the same classes, by the numbers "
            f"that --label_map gives. Received: 0 to {count - 1} in "
            f"{source.name}, and 0 to {len(classes) - 1}, "
            f"{listed(list(classes))}: map each label to one of these"
        )
    others = [
        f"{name!r} as {known!r}"
        for name, known in zip(names, classes, strict=False)
        if name in classes and known != name
    ]
    if others:
        _LOG.warning(
            "labels of %s count as classes of other names, by the numbers "
            "that --label_map gives them: %s",
            source.name,
            listed(others, NAMED),
        )
    return dataclasses.replace(
        source, class_names=tuple(classes), numbered=False
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
