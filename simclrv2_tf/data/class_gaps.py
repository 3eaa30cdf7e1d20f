"""Whole numbers of classes below the largest that no image is labelled with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from collections.abc import Sequence

from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import Source

_SHOWN = 8  # numbers at most that a note tells


def gap_notes(names: Sequence[str] | None) -> tuple[str, ...]:
    """A sentence about the classes of labels as files have them, or none.

    Classes that are given by name, as those of folders are, have no gaps.

    Args:
      names: Of the classes, which have an example each; None for no labels.
    """
    missing = list(itertools.islice(_missing(names or ()), _SHOWN + 1))
    if not missing:
        return ()
    more = ", ..." if len(missing) > _SHOWN else ""
    return (
        f"no image is labelled {listed(missing[:_SHOWN])}{more}, while the "
        f"largest label is {_last(names)}: classes are those that are there",
    )


def has_gaps(source: Source) -> bool:
    """Whether a source has the note of `gap_notes` on its classes."""
    notes = gap_notes(source.class_names)
    return bool(notes) and set(notes) <= set(source.notes)


def check_no_gaps(source: Source) -> None:
    """Checks what a new classifier is to be trained on.

    It has the data's own classes: one that is missing by mistake would be
    missing for good.

    Args:
      source: A `Source` with the classes of its files.

    Raises:
      ValueError: If a number below the largest has no example.
    """
    if has_gaps(source):
        names = source.class_names or ()
        raise ValueError(
            f"The class {next(_missing(names))} has no example in "
            f"{source.name}, while the largest label is {_last(names)}: number "
            "classes from 0 or 1 without gaps, or name them with --label_map"
        )


def _missing(names: Sequence[str]) -> Iterator[str]:
    """Yields the numbers that are missing, from 0 or 1 on."""
    if not all(map(is_number, names)):
        return
    number = 0 if "0" in names else 1
    for name in in_order(names):
        while str(number) != name:
            yield str(number)
            number += 1
        number += 1


def _last(names):
    return in_order(names)[-1]
