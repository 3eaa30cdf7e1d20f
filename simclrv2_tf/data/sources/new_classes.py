"""Classes that joined data sets add to those of the first."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.folder.beside_splits import FOLDER


def notes(parts: Sequence[tuple[str, Source]]) -> list[str]:
    """A sentence for each data set that brings classes of its own.

    A folder of unlabelled images whose images lie in a folder within has made
    that a class.

    Args:
      parts: Names of the data sets, as they were given, and their `Source`s.
        The first that has classes is what the others are compared with.
    """
    labelled = [(name, source) for name, source in parts if source.class_names]
    return [
        _note(name, source, new, labelled[0][0])
        for name, source in labelled[1:]
        if (new := _lacking(labelled[0][1], source))
    ]


def _lacking(first, other):
    """The classes of another data set that the first lacks."""
    known = set(first.class_names)
    return [name for name in other.class_names if name not in known]


def _note(name, source, new, first):
    classes = "class" if len(new) == 1 else "classes"
    return (
        f"{name} brings the {classes} {listed([*map(repr, new)])}, which "
        f"{first} lacks: if these images have no labels, "
        f"{_what_to_do(name, source, new)}"
    )


def _what_to_do(name, source, new):
    if not name.startswith(FOLDER):
        return "take theirs away with --label_map"
    number = source.class_names.index(new[0])
    members = np.flatnonzero(source.labels == number)
    if not len(members):
        return "give the folder that they lie in by themselves"
    folder = os.path.dirname(source.where(int(members[0])))
    return f"give the folder that they lie in by themselves, {FOLDER}{folder}"
