"""A file that renames or joins the classes of a data set."""

from __future__ import annotations

import csv
import dataclasses
import json
import logging

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.utf8 import utf8_text

_LOG = logging.getLogger("simclrv2_tf")
_HEADER = ("label", "class")  # names of the columns


def read_label_map(path: str) -> dict[str, str | int | None]:
    """Reads which class each label of a data set stands for.

    Args:
      path: A JSON file with an object, {"label": class}, or a text file with
        a line "label,class" for each (a tab does as well; quotes hold what
        has a comma; "#" opens a comment; these two words may stand above). A
        class is a name, or a number; all of one kind. An empty class, -1 or
        null leaves examples unlabelled.

    Returns:
      Dictionary from labels to names or numbers, None for unlabelled.

    Raises:
      ValueError: If it is no such file, mixes names and numbers, or gives a
        label two classes.
    """
    pairs = _pairs(path)
    names = label_names(
        [value for _, value in pairs],
        lambda index: (
            f"the line of {pairs[index][0]!r} in `label_map` {path!r}"
        ),
    )
    labels = [label for label, _ in pairs]
    targets = {
        label: _target(name)
        for label, name in _one_each(labels, names, path).items()
    }
    targets = _without_header(targets)
    kinds = {type(value) for value in targets.values() if value is not None}
    if len(kinds) != 1:
        raise ValueError(
            f"`label_map` {path!r} must give classes as names or as numbers, "
            f"all of one kind. Received: {listed(list(targets.values()))}"
        )
    return targets


def _pairs(path):
    """What a label map pairs, (label, class), in its order."""
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            data = file.read()
    except tf.errors.OpError as error:
        raise ValueError(
            f"`label_map` {path!r} cannot be read: {error}"
        ) from None
    text = utf8_text(data, f"`label_map` {path!r}")
    if path.endswith(".json"):
        return _json_pairs(text, path)
    return list(_text_pairs(text, path))


def _without_header(targets):
    """Without a first line of columns' names, where classes are numbers.

    Among names "label" may be a class of the data, which `relabel` can tell.
    """
    first, others = [*targets.items()][:1], dict([*targets.items()][1:])
    kinds = set(map(type, others.values()))
    numbers = int in kinds and str not in kinds
    return others if first == [_HEADER] and numbers else targets


def _one_each(labels, names, path):
    """Dictionary from labels to names; a label may come again as it was."""
    known: dict[str, str] = {}
    for label, name in zip(labels, names, strict=True):
        before = known.setdefault(label, name)
        if before != name:
            raise ValueError(
                f"`label_map` {path!r} must give each label one class. "
                f"Received: {before!r} and {name!r} for {label!r}; leave one "
                "of them out"
            )
    return known


def _json_pairs(text, path):
    pairs: list = []

    def kept(items):  # the outermost object comes last
        pairs[:] = items
        return dict(items)

    try:
        content = json.loads(text, object_pairs_hook=kept)
    except ValueError as error:
        raise ValueError(f"`label_map` {path!r} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(
            f"`label_map` {path!r} must hold an object, "
            '{"label": "class", ...}. Received: '
            f"{type(content).__name__}"
        )
    return pairs


def _text_pairs(text, path):
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip("\r\n ")
        if not line.strip():
            continue
        fields = _fields(line)
        if len(fields) != 2:
            raise ValueError(
                f"`label_map` {path!r} must have lines of the form "
                f"label,class. Received: {_shown(line, fields, number)}"
            )
        yield fields[0].strip(), fields[1].strip()


def _fields(line):
    """The fields of a line; none of one that is too long or quoted wrongly."""
    delimiter = "\t" if "\t" in line else ","
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def _shown(line, fields, number):
    """A wrong line for a message, with the quote that may be the reason."""
    if not fields and line.count('"') % 2:
        return f"{line!r}; a quote opened in line {number} is not closed"
    return f"{line!r} in line {number}"


def _target(name):
    return int(name) if is_number(name) else name or None


def relabel(
    source: Source, targets: dict[str, str | int | None], path: str
) -> Source:
    """The source with its classes renamed or joined.

    Args:
      source: A `Source` with classes.
      targets: See `read_label_map`. Classes that are given as names are
        numbered in the order of their first mention; of classes given as
        numbers, the first label that stands for one is its name, and the
        source is `numbered`.
      path: Of the label map, for messages.

    Returns:
      A `Source`.

    Raises:
      ValueError: If it lacks a class of the data set, or leaves a number of a
        class unused.
    """
    classes = source.class_names or ()
    targets = _warn_of_others(source, targets, path)
    missing = [name for name in classes if name not in targets]
    if missing:
        raise ValueError(
            f"`label_map` {path!r} must have a line for each class. Received: "
            f"none for {listed(missing)} of {source.name}"
        )
    names = _names(targets, path)
    table = _table([targets[name] for name in classes], names)
    return dataclasses.replace(
        source,
        labels=table[source.labels],
        class_names=tuple(names) or None,
        numbered=any(isinstance(value, int) for value in targets.values()),
    )


def _warn_of_others(source, targets, path):
    """The targets without a line of columns' names; warns of labels unknown."""
    others = [n for n in targets if n not in (source.class_names or ())]
    if others[:1] == [_HEADER[0]]:
        targets = {n: t for n, t in targets.items() if n != _HEADER[0]}
        del others[0]
    if others:
        _LOG.warning(
            "`label_map` %r has lines for labels that %s has not: %s",
            path,
            source.name,
            ", ".join(others),
        )
    return targets


def _table(targets, names):
    """The new number of each class, int32 (classes + 1,); the last is for -1.

    Args:
      targets: Name or number that each class stands for, None for unlabelled.
      names: Of the new classes.
    """
    numbers = {name: index for index, name in enumerate(names)}
    new = [
        target if isinstance(target, int) else numbers.get(target, UNLABELLED)
        for target in targets
    ]
    return np.array([*new, UNLABELLED], np.int32)


def _names(targets, path):
    """The names of the classes that a label map ends in, in order."""
    ends = [value for value in targets.values() if value is not None]
    if isinstance(ends[0], str):
        return list(dict.fromkeys(ends))
    named = {}
    for label, value in targets.items():
        named.setdefault(value, label)
    named.pop(None, None)
    unused = set(range(len(named))) - set(named)
    if unused:
        raise ValueError(
            f"`label_map` {path!r} must number classes from 0 without gaps. "
            f"Received: no label for class {min(unused)}, and the numbers "
            f"{listed(sorted(named))}"
        )
    return [named[index] for index in range(len(named))]
