"""From the labels that files hold to names of classes: one rule for all."""

from __future__ import annotations

import functools
import logging
import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED

_LOG = logging.getLogger("simclrv2_tf")
_WHOLE = re.compile(r"-?[0-9]+")
# As pandas and NumPy write floats. "1e5" may well be a name.
_FLOAT = re.compile(
    r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf|infinity)",
    re.IGNORECASE,
)
# As R, Python and databases write that there is none. "none" may be a name.
_MISSING = re.compile(r"(?i:n/?a|null)|None")
# A comma within a name has a space after it: "tench, Tinca tinca".
_SEVERAL = re.compile(
    r".*[|;\n\t].*|.*,\S.*|\[.*\]|-?[0-9]+(\s+-?[0-9]+)+", re.DOTALL
)
_SINGLE = (str, bytes, int, float, np.generic, type(None))
_ONE = "give each image one class, by its name or number"
_FRACTION = "classes have no fractions; --label_feature names other labels"
_NO_NUMBER = "leave the label of an image without a class empty"
_NO_NAME = f"{_NO_NUMBER}, or give a class of that name another"


def label_names(
    values: Iterable[Any],
    where: Callable[[int], str],
    classes: Sequence[str] | None = None,
) -> list[str]:
    """The names of the classes that labels mean.

    A label is a name, or a whole number, which is its own name unless
    `classes` name the numbers. Names are never rewritten: "001" is not "1".
    Whole floats, numbers or text such as "3.0", count as whole numbers.

    Args:
      values: Labels as a file holds them, (examples,). None, "" and -1 are
        for unlabelled.
      where: Function from an example's number to where its label comes from:
        a row and a file.
      classes: Names of the numbers from 0 on, where the file has them.

    Returns:
      List of names, "" for unlabelled.

    Raises:
      ValueError: For a label that is a list, several names, no whole number,
        below -1 or outside of `classes`, or a word such as "NA" for none. Of
        a name such as "black bear" a warning tells where "black" and "bear"
        are classes too.
    """
    _check_distinct(classes or (), where)
    names: list[str] = []
    known: dict[Any, str] = {}
    for index, value in enumerate(_plain(values)):
        if not isinstance(value, _SINGLE):
            raise _unusable(value, where(index), _ONE)
        if value not in known:
            known[value] = _name(value, lambda i=index: where(i), classes)
        names.append(known[value])
    _check_single(known, names, where)
    return names


@functools.cache  # a run opens its data several times
def warn_of_unlabelled(holder: str, lacking: str, first: str) -> None:
    """Warns of data without what holds the labels of the others.

    Args:
      holder: What holds labels: a column or feature, by its name.
      lacking: How many lack it, of how many.
      first: The first of them, a file or record.
    """
    _LOG.warning(
        "without %s: %s, the first is %s; their images count as unlabelled",
        holder,
        lacking,
        first,
    )


def _plain(values):
    """Rows of an array as Python's own values."""
    return values.tolist() if isinstance(values, np.ndarray) else values


def _name(value, where, classes):
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = _decoded(value, where)
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    if isinstance(value, str) and not _FLOAT.fullmatch(value):
        return _of_text(value, where, classes)
    number = float(value) if isinstance(value, str) else value
    if isinstance(number, float) and not number.is_integer():
        finite = np.isfinite(number)
        raise _unusable(value, where(), _FRACTION if finite else _NO_NUMBER)
    return _of_number(int(number), where, classes)


def _of_text(text, where, classes):
    if _MISSING.fullmatch(text) and text not in (classes or ()):
        raise _unusable(text, where(), _NO_NAME)
    if _SEVERAL.fullmatch(text):
        raise _unusable(text, where(), _ONE)
    if not _WHOLE.fullmatch(text):
        return text
    if classes is not None or text.startswith("-"):
        return _of_number(int(text), where, classes)
    return text


def _of_number(number, where, classes):
    if number == UNLABELLED:
        return ""
    if number < UNLABELLED:
        raise _unusable(number, where(), "number classes from 0 or 1")
    if classes is None:
        return str(number)
    if number >= len(classes):
        raise ValueError(
            f"The label {number} in {where()} is outside the classes, which "
            f"are {listed(classes)}, numbered from 0"
        )
    return str(classes[number])


def _decoded(data, where):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _unusable(data, where(), "names are text in UTF-8") from None


def _check_distinct(classes, where):
    for name, count in Counter(classes).items():
        if count > 1:
            raise ValueError(
                "The names of the classes must differ, as a class is its "
                f"name. Received: {name!r} for {count} of {len(classes)} "
                f"classes, numbered in {where(0)}"
            )


def _check_single(known, names, where):
    """Raises for a text whose parts, between commas, are labels too.

    Words between spaces alone may well be one name: a warning tells of them.
    """
    values = (name for value, name in known.items() if _is_text(value))
    texts = dict.fromkeys(filter(None, values))
    spaced = []
    for text in texts:
        words = [word.strip(",") for word in text.split()]
        parts = [part.strip() for part in text.split(",")]
        if not any(len(p) > 1 and texts.keys() >= {*p} for p in (words, parts)):
            continue
        if "," in text:
            raise _unusable(text, where(names.index(text)), _ONE)
        spaced.append(text)
    if spaced:
        _warn_of_words(tuple(spaced), where(names.index(spaced[0])))


@functools.cache  # a run opens its data several times
def _warn_of_words(names, first):
    _LOG.warning(
        "each is taken for one class, though its words are classes too: %s, "
        "the first in %s; where several classes are meant, %s",
        listed([repr(name) for name in names]),
        first,
        _ONE,
    )


def _is_text(value):
    return isinstance(value, (str, bytes))


def _unusable(value, where, remedy):
    return ValueError(
        "A label must be a class's name or whole number, one for each image, "
        f"or empty or -1 for unlabelled. Received: {_shown(value)} in {where}; "
        f"{remedy}"
    )


def _shown(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        parts = [
            v.decode(errors="replace") if isinstance(v, bytes) else v
            for v in value
        ]
        return f"[{listed(parts)}]"
    return f"{value:.7g}" if isinstance(value, float) else repr(value)
