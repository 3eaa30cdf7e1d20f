"""The teachers of `--teacher`: runs, checkpoints and Keras classifiers."""

from __future__ import annotations

import os

from simclrv2_tf import hub
from simclrv2_tf.models.keras_models.keras_spec import FILE
from simclrv2_tf.models.keras_models.keras_spec import is_spec

_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def split(text: str) -> list[str]:
    """The teachers of `--teacher`, with commas between them.

    Commas in brackets, which stand between arguments, divide nothing; neither
    do those of a path that there is.
    """
    if os.path.exists(text):
        return [text]
    depth, parts = 0, [""]
    for sign in text:
        depth += _BRACKETS.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def is_keras(source: str) -> bool:
    """Whether a teacher is a Keras classifier, and no network of ours."""
    if source.endswith(FILE):
        return not (os.path.exists(source) and hub.holds_network(source))
    return is_spec(source)


def ours(text: str) -> list[str]:
    """The teachers in `--teacher` that are networks of this package."""
    return [source for source in split(text) if not is_keras(source)]


def pixels(text: str | None, sources: list[str]) -> dict[str, str | None]:
    """The value of `--teacher_pixels` for each teacher.

    Args:
      text: One word for all, one for each teacher with commas, or None.
      sources: All teachers.

    Raises:
      ValueError: If there are more or fewer words than teachers.
    """
    words = [word.strip() for word in text.split(",")] if text else [None]
    if len(words) == 1:
        words = words * len(sources)
    if len(words) != len(sources):
        raise ValueError(
            "`teacher_pixels` must be one word for all teachers, or one for "
            f"each of the {len(sources)}. Received: teacher_pixels={text!r}"
        )
    return dict(zip(sources, words, strict=True))
