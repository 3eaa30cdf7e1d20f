"""From the labels that files hold to numbered classes with names."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclrv2_tf.data.source import UNLABELLED


def number_classes(
    values: Any,
    names: Sequence[str] | None,
    name: str,
    where: Callable[[int], str],
    gaps: bool = False,
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Numbers the classes of one split.

    Whole numbers keep their order and names are sorted. Numbers go from 0 or 1
    to the last class without gaps.

    Args:
      values: (examples,), whole numbers with -1 for unlabelled, or names with
        "" for unlabelled.
      names: The classes, where they are known: those of the training split,
        or None.
      name: Of the data set, for messages.
      where: Function from an example's number to where it comes from.
      gaps: Whether numbers may have gaps, as they are names to a label map.

    Returns:
      Labels, int32 (examples,), -1 for unlabelled, and the names of the
      classes, a tuple or None.

    Raises:
      ValueError: For a label outside of the classes, or a class without an
        example.
    """
    values = _as_numbers(values)
    _check_numbers(values, where)
    distinct, inverse = np.unique(values, return_inverse=True)
    texts = [_text(value) for value in distinct]
    if names is None:
        names = [text for text in texts if text]
        if values.dtype.kind == "i" and not gaps:
            _check_gaps(distinct[distinct >= 0], name)
    numbers = {known: index for index, known in enumerate(names)}
    of_distinct = [numbers.get(text, UNLABELLED) for text in texts]
    labels = np.array(of_distinct, np.int32)[inverse]
    outside = np.flatnonzero((labels < 0) & (np.array(texts)[inverse] != ""))
    if len(outside):
        raise ValueError(
            f"The label {texts[inverse[outside[0]]]!r} of "
            f"{where(outside[0])} is outside the classes of {name}, which are "
            f"{listed(names)}"
        )
    return labels, tuple(names) or None


def _as_numbers(values):
    """Whole numbers where all labels are such, else text."""
    values = np.asarray(values)
    whole = values.dtype.kind == "f" and (values == np.round(values)).all()
    if values.dtype.kind in "iub" or whole:
        return values.astype(np.int64)
    texts = values.astype(str)
    known = texts[texts != ""]
    if len(known) and np.char.isdecimal(np.char.lstrip(known, "-")).all():
        texts = np.where(texts == "", str(UNLABELLED), texts)
        if np.char.str_len(texts).max() < 19:  # fits 64 bits
            return texts.astype(np.int64)
    return texts


def _check_numbers(values, where):
    if values.dtype.kind == "i" and (values < UNLABELLED).any():
        index = int(np.argmin(values))
        raise ValueError(
            "A label must be a class's number, or -1 for unlabelled. "
            f"Received: {values[index]} for {where(index)}"
        )


def _check_gaps(distinct, name):
    """Raises if a number between the first and the last class is unused."""
    if not len(distinct):
        return
    first = min(int(distinct[0]), 1)
    missing = np.flatnonzero(
        distinct != np.arange(first, first + len(distinct))
    )
    if len(missing):
        number = first + int(missing[0])
        raise ValueError(
            f"The class {number} has no example in {name}, while the largest "
            f"label is {distinct[-1]}: number classes from 0 or 1 without "
            "gaps, or name them with --label_map"
        )


def _text(value):
    """A label as a name, "" for unlabelled."""
    return "" if value in (UNLABELLED, "") else str(value)


def listed(names: Sequence, most: int = 8) -> str:
    """Names for a message: the first of them, and how many there are."""
    shown = ", ".join(map(str, names[:most]))
    return shown if len(names) <= most else f"{shown}, ... ({len(names)})"
