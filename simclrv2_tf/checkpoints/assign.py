"""Strict loading: every array is used once and every variable is set once."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simclrv2_tf.checkpoints.arrays import check_finite
from simclrv2_tf.checkpoints.arrays import shapes_of

if TYPE_CHECKING:
    import keras

_SHOWN = 5  # names that a message lists of each kind


@dataclasses.dataclass(frozen=True)
class LoadReport:
    """What was loaded, and what was left out for which reason.

    Attributes:
      loaded: Names of the variables that were set.
      left_out: {name of a variable or an array: reason}.
      notes: What else there is to know, sentences.
    """

    loaded: tuple[str, ...]
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"loaded {len(self.loaded)} variables"]
        reasons = sorted(set(self.left_out.values()))
        for reason in reasons:
            names = [n for n, r in self.left_out.items() if r == reason]
            lines.append(f"left out {_listed(names)}: {reason}")
        return "; ".join([*lines, *self.notes])


def assign_strict(
    variables: Mapping[str, keras.Variable],
    arrays: Mapping[str, np.ndarray],
    excused: Mapping[str, str] | None = None,
) -> LoadReport:
    """Sets variables from arrays of the same names.

    Nothing is set unless everything fits.

    Args:
      variables: {name: variable}.
      arrays: {name: array}, a dictionary or `Arrays`.
      excused: {regular expression: reason}; names that it matches from the
        start may be missing on either side or have another shape, and are
        then left as they are.

    Returns:
      A `LoadReport`.

    Raises:
      ValueError: Lists what is missing, unexpected or of another shape, or
        holds NaN or infinity.
    """
    given = shapes_of(arrays)
    left_out = _excuses({**variables, **given}, excused or {})
    wanted = {n: v for n, v in variables.items() if n not in left_out}
    given = {n: s for n, s in given.items() if n not in left_out}
    problems = _problems(wanted, given)
    if problems:
        raise ValueError(
            "The checkpoint does not fit the network: " + "; ".join(problems)
        )
    check_finite(arrays, wanted)
    for name, variable in wanted.items():
        variable.assign(arrays[name])
    return LoadReport(tuple(wanted), left_out)


def _excuses(names, excused):
    return {
        name: reason
        for name in names
        for pattern, reason in excused.items()
        if re.match(pattern, name)
    }


def _problems(wanted, given):
    shapes = [
        f"{name} {given[name]} for {tuple(variable.shape)}"
        for name, variable in wanted.items()
        if name in given and given[name] != tuple(variable.shape)
    ]
    kinds = {
        "missing": [name for name in wanted if name not in given],
        "unexpected": [name for name in given if name not in wanted],
        "of another shape": shapes,
    }
    return [f"{kind}: {_listed(ns)}" for kind, ns in kinds.items() if ns]


def _listed(names):
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{len(names)} ({shown}{f', and {more} more' if more > 0 else ''})"
