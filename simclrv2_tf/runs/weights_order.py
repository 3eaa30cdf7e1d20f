"""Data whose classes take the numbers that trained weights give them."""

from __future__ import annotations

import os

from simclrv2_tf.data import class_match
from simclrv2_tf.data.source import Source
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes


def renumbered(source: str | os.PathLike, data: Source, who: str) -> Source:
    """Data with their classes numbered as in a network, matched by name.

    Where a label map gives numbers these count, see `class_match`.

    Args:
      source: Anything that `--checkpoint` accepts. Where it does not know its
        classes' names the data stay as they are.
      data: A `Source`; without labels it stays as it is.
      who: The network, in words.

    Raises:
      OtherClassesError: If the network does not know a class of the data.
    """
    names = weights_classes.class_names(source)
    if not names:
        return data
    data = _as_it_counts(source, data)
    written = weights_classes.as_written(source)
    return class_match.renumber(data, names, who, written)


def _as_it_counts(source, data):
    """Data whose known names alone count where a run's numbers do not."""
    known = weights_classes.class_names(source) or ()
    given = data.class_names or ()
    if numbers_count(source):
        return data
    unknown = class_match.unknown_classes(
        given, known, weights_classes.as_written(source)
    )
    return data if unknown else class_match.without_numbers(data)


def numbers_count(source: str | os.PathLike) -> bool:
    """Whether numbers that a label map gives are those of a network's classes.

    A run of an earlier version that was trained with a label map matched its
    names alone.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    flags = weights.flags_of(source)
    return class_match.MAPPED_NAMES in flags or not flags.get("label_map")


def in_order_of(source: str | os.PathLike, data: Source) -> Source:
    """As `renumbered` where both have the same classes, else `data`.

    Data that go by the numbers of a label map are in order as they are.
    """
    names, given = weights_classes.class_names(source), data.class_names
    written = weights_classes.as_written(source)
    if not names or not given or _goes_by_number(source, data):
        return data
    if class_match.same_classes(given, names, written):
        return renumbered(source, data, "The network")
    return data


def named_as(source: str | os.PathLike, data: Source) -> Source:
    """As `in_order_of`; numbers of a label map have the network's names."""
    names = weights_classes.class_names(source) or ()
    fits = len(data.class_names or ()) <= len(names)
    if fits and _goes_by_number(source, data):
        return renumbered(source, data, "The network")
    return in_order_of(source, data)


def _goes_by_number(source, data):
    names, written = (
        weights_classes.class_names(source) or (),
        weights_classes.as_written(source),
    )
    data = _as_it_counts(source, data)
    return class_match.goes_by_number(data, names, written)
