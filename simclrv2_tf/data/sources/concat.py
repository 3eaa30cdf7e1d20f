"""Several data sets as one: `concat:A,B`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.joined import join_storages
from simclrv2_tf.data.sources.opening import Options
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import parse_split

_LOG = logging.getLogger("simclrv2_tf")


def open_concat(
    open_one: Callable[[str, str, Options], Source],
    where: str,
    split: str,
    options: Options,
) -> Source:
    """Several data sets as one, their classes matched by name.

    All must have the training split. Of another split those are taken that
    have it: unlabelled images beside a labelled set have none.

    Args:
      open_one: Function (name, split, options) to a `Source`.
      where: Names of data sets with commas between them; a slice of `split`
        is cut from each.
      split: Name of the split, perhaps with a slice.
      options: `Options`, the same for all.

    Returns:
      A `Source`. Its classes are those of the first, then those that others
      add.

    Raises:
      NoSplitError: If the split is missing.
    """
    names = names_of(where)
    wanted, _ = parse_split(split)
    sources: list[Source] = []
    absent: list[NoSplitError] = []
    classes: list[str] = []
    for name in names:
        try:
            sources.append(open_one(name, split, options))
            classes.extend(sources[-1].class_names or ())
        except NoSplitError as error:
            if wanted in TRAIN:
                raise
            absent.append(error)
            classes.extend(_classes(open_one, name, options))
    if not sources:
        raise absent[0]
    names_of_all = tuple(dict.fromkeys(classes)) or None
    _warn_of_likes(names_of_all or (), where)
    return join(f"concat:{where} ({split})", sources, names_of_all)


def _warn_of_likes(classes, where):
    """Says where names differ in zeros before a number or in capitals."""
    likes: dict[str, list[str]] = {}
    for name in classes:
        likes.setdefault(name.lstrip("0").casefold(), []).append(name)
    pairs = [" and ".join(names) for names in likes.values() if len(names) > 1]
    if pairs:
        _LOG.warning(
            "concat:%s has classes of much the same name, %s: they are "
            "different classes unless --label_map joins them.",
            where,
            listed(pairs),
        )


def names_of(where: str) -> list[str]:
    """The data sets that are joined.

    Raises:
      ValueError: If they are fewer than two.
    """
    names = [name.strip() for name in where.split(",")]
    if len(names) < 2 or not all(names):
        raise ValueError(
            "concat:A,B must name two data sets or more, with commas between "
            f"them. Received: concat:{where}"
        )
    return names


def _classes(open_one, name, options):
    """The classes of a data set that lacks the split in question."""
    try:
        return open_one(name, TRAIN[0], options).class_names or ()
    except NoSplitError:
        return ()


def join(
    name: str, sources: Sequence[Source], classes: tuple[str, ...] | None
) -> Source:
    """One `Source` of several.

    Args:
      name: For messages.
      sources: `Source`s.
      classes: Names of the classes of all of them, or None.
    """
    numbers = {known: index for index, known in enumerate(classes or ())}
    labels = np.concatenate([_labels(source, numbers) for source in sources])
    notes = [note for source in sources for note in source.notes]
    return Source(
        name,
        labels,
        join_storages(sources),
        classes,
        notes=tuple(notes),
        apply_orientation=any(s.apply_orientation for s in sources),
    )


def _labels(source, numbers):
    table = [numbers[known] for known in source.class_names or ()]
    return np.array([*table, UNLABELLED], np.int32)[source.labels]
