"""Whether names of classes are the same once they are read from a table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names


def check_names(pool: Pool) -> None:
    """Checks that the labels in `next_labels.csv` will be read as written.

    Args:
      pool: `Pool`, of whose images that are files the table has the labels.

    Raises:
      ValueError: If a class of theirs has a name that is read as another, as
        none, or not at all.
    """
    classes = np.unique(pool.source.labels[pool.are_files])
    known = pool.source.class_names or ()
    lost = lost_names(known[label] for label in classes if label >= 0)
    if lost:
        raise ValueError(
            "`label_budget` writes a table of labels to be read as a data "
            "set, for which names of classes must be read as they are "
            f"written. Received: {listed(lost)}; give the class another name, "
            "in the data or with --label_map, or leave `label_budget` out"
        )


def lost_names(names: Iterable[str]) -> list[str]:
    """Names that are not read as they are written, each with how it is read.

    Args:
      names: Of classes; all differ.
    """
    ordered = sorted(names)
    alone = [_fate(name) for name in ordered]
    return [fate for fate in alone if fate] or _lost_together(ordered)


def _fate(name):
    try:
        (read,) = label_names([_cell(name)], str)
    except ValueError:
        return f"{name!r}, which is refused"
    if read == name:
        return ""
    return f"{name!r}, which is read as {repr(read) if read else 'no label'}"


def _lost_together(names):
    """A name that is refused where parts of it are names too."""
    refused: list[str] = []

    def where(index):
        refused.append(f"{names[index]!r}, which is refused beside the others")
        return names[index]

    try:
        label_names([_cell(name) for name in names], where)
    except ValueError:
        return refused[-1:]
    return []


def _cell(name):
    """A name as a cell of a table is read."""
    return name.strip()
