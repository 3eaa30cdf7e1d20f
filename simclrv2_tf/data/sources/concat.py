"""Several data sets as one: `concat:A,B`."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.class_gaps import gap_notes
from simclrv2_tf.data.class_gaps import has_gaps
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import new_classes
from simclrv2_tf.data.sources.folder.beside_splits import FOLDER
from simclrv2_tf.data.sources.joined import join_storages
from simclrv2_tf.data.sources.missing_label import NoLabelError
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.splits import ALIASES
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import parse_split
from simclrv2_tf.data.splits import same_split

_LOG = logging.getLogger("simclrv2_tf")
_NAMELESS = (FOLDER, "digits")  # their labels have no name that options give


def open_concat(
    open_one: Callable[[str, str, SourceOptions], Source],
    splits_of: Callable[[str, SourceOptions], Sequence[str]],
    where: str,
    split: str,
    options: SourceOptions,
) -> Source:
    """Several data sets as one, their classes matched by name.

    All must have the training split. Of another split those are taken that
    have it, and the log names the others: unlabelled images beside a labelled
    set have none. Likewise one part at least must have the label that an
    option names. A data set whose split is called alike ("val") has it, and
    "test" stands in for "validation" where no part has that.

    Args:
      open_one: Function (name, split, options) to a `Source`.
      splits_of: Function (name, options) to the splits of a data set.
      where: Names of data sets with commas between them; a slice of `split`
        is cut from each.
      split: Name of the split, perhaps with a slice.
      options: `SourceOptions`, the same for all.

    Returns:
      A `Source`. Its classes are those of the first, then those that others
      add, of which a note tells.

    Raises:
      NoSplitError: If the split is missing.
      NoLabelError: If no part has the label that `options` name.
    """
    names = names_of(where)
    options = dataclasses.replace(options, joined=tuple(names))
    _warn_of_repeats(names, where)
    own_splits = _own_splits(splits_of, names, split, options)
    parts: list[tuple[str, Source]] = []
    absent: dict[str, NoSplitError] = {}
    open_one = _Unlabelled(open_one)
    classes: list[str] = []
    for name, own in zip(names, own_splits, strict=True):
        try:
            parts.append((name, _open_part(open_one, name, own, options)))
            classes.extend(parts[-1][1].class_names or ())
        except NoSplitError as error:
            absent[name] = error
            classes.extend(_classes(open_one, name, options))
    _check_absent(absent, bool(parts), where, split)
    open_one.check()
    names_of_all = tuple(dict.fromkeys(classes)) or None
    _warn_of_likes(names_of_all or (), where)
    sources = [source for _, source in parts]
    joined = join(f"concat:{where} ({split})", sources, names_of_all)
    if options.label_map:  # which says what each class is
        return joined
    notes = (*new_classes.notes(parts), *_with_own_gaps(joined, sources))
    return dataclasses.replace(joined, notes=notes)


def _with_own_gaps(joined, sources):
    """The notes; those on gaps are about all parts together."""
    of_parts = {
        note
        for source in sources
        if has_gaps(source)
        for note in gap_notes(source.class_names)
    }
    notes = [note for note in joined.notes if note not in of_parts]
    return [*notes, *gap_notes(joined.class_names)] if of_parts else notes


class _Unlabelled:
    """Opens parts, of which some may lack the label that an option names."""

    def __init__(self, open_one: Callable[[str, str, SourceOptions], Source]):
        self._open_one = open_one
        self._errors: list[NoLabelError] = []
        self._labelled: set[str] = set()

    def __call__(self, name: str, split: str, options: SourceOptions) -> Source:
        try:
            source = self._open_one(name, split, options)
        except NoLabelError as error:
            self._errors.append(error)
            optional = dataclasses.replace(options, label_optional=True)
            return self._open_one(name, split, optional)
        if source.class_names and not name.startswith(_NAMELESS):
            self._labelled.add(name)
        return source

    def check(self) -> None:
        """Raises the first `NoLabelError` if no part has the label."""
        if self._errors and not self._labelled:
            raise self._errors[0]


def _own_splits(splits_of, names, split, options):
    """The split as each data set calls it, None for those that lack it.

    Where all lack it they have what stands in for it in any of them, and the
    split as it is where nothing does.
    """
    wanted, _ = parse_split(split)
    if wanted == TRAIN[0] or "+" in split:
        return [split] * len(names)
    known = [splits_of(name, options) for name in names]
    for name in (wanted, *ALIASES.get(wanted, ())):
        own = [same_split(splits, name) for splits in known]
        if any(own):
            return [one and f"{one}{split[len(wanted) :]}" for one in own]
    return [split] * len(names)


def _open_part(open_one, name, own, options):
    if own is None:
        raise NoSplitError(f"The data set {name!r} lacks it")
    return open_one(name, own, options)


def _check_absent(absent, some, where, split):
    """Names the data sets that lack a split: an error for training's."""
    if not absent:
        return
    if parse_split(split)[0] in TRAIN or not some:
        known = dict.fromkeys(k for e in absent.values() for k in e.known)
        needs = "Each part" if some else "A part"
        raise NoSplitError(
            f"{needs} of concat:{where} must have the split {split!r}. "
            + " ".join(f"{error}." for error in absent.values()),
            tuple(known),
        )
    _LOG.info(
        "concat: the split %r is without %s, which %s no such split",
        split,
        listed(list(absent)),
        "has" if len(absent) == 1 else "have",
    )


def _warn_of_repeats(names, where):
    if len({name.rstrip("/") for name in names}) < len(names):
        _LOG.warning(
            "concat:%s names a data set twice: its images are there twice, "
            "also on both sides of what --holdout_fraction sets aside.",
            where,
        )


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
    sides = [s.resize_shorter_side for s in sources if s.resize_shorter_side]
    return Source(
        name,
        labels,
        join_storages(sources),
        classes,
        notes=tuple(notes),
        apply_orientation=any(s.apply_orientation for s in sources),
        resize_shorter_side=min(sides, default=None),
        numbered=_keep_numbers(sources, classes),
    )


def _keep_numbers(sources, classes):
    """Whether the numbers of a label map are those of all of the data."""
    named = [source for source in sources if source.class_names]
    same = all(s.numbered and s.class_names == classes for s in named)
    return bool(named) and same


def _labels(source, numbers):
    table = [numbers[known] for known in source.class_names or ()]
    return np.array([*table, UNLABELLED], np.int32)[source.labels]
