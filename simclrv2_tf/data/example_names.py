"""What the examples of a data set are called in tables."""

from __future__ import annotations

import os

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Files
from simclrv2_tf.files.paths import is_remote


def are_files(source: Source) -> bool:
    """Whether each example is a file of its own."""
    return isinstance(source.storage, Files)


def example_names(source: Source) -> list[str]:
    """The file of each example, or its number in the data set.

    The number is that among all images of the split or slice that
    `source.name` names, whatever was set aside or left out, so that no two
    have one name and `exclude_images` finds it.
    """
    if are_files(source) or source.numbers is None:
        return names_by_place(source)
    return [f"{source.name}#{number}" for number in source.numbers.tolist()]


def names_by_place(source: Source) -> list[str]:
    """The file of each example, or its place among those that are here.

    Earlier versions named examples so.
    """
    if are_files(source):
        return [source.where(index) for index in range(source.num_examples)]
    return [f"{source.name}#{index}" for index in range(source.num_examples)]


def whole_names(source: Source) -> list[str]:
    """As `example_names`, files of this machine by their whole paths."""
    names = example_names(source)
    if not are_files(source):
        return names
    return [n if is_remote(n) else os.path.abspath(n) for n in names]
