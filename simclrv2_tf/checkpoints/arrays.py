"""Weights by name, each read on access."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Shape: TypeAlias = tuple[int, ...]


class Arrays(Mapping[str, np.ndarray]):
    """{name: array}, with shapes known beforehand.

    Nothing is kept: a conversion never holds more than one array of its
    source at a time.

    Args:
      shapes: {name: shape}.
      read: Function from a name to its array.
    """

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        read: Callable[[str], np.ndarray],
    ) -> None:
        self.shapes = {name: tuple(shape) for name, shape in shapes.items()}
        self._read = read

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.shapes:
            raise KeyError(name)
        return np.asarray(self._read(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    def renamed(self, names: Mapping[str, str]) -> Arrays:
        """Some of the arrays under other names.

        Args:
          names: {new name: name here}.
        """
        shapes = {new: self.shapes[old] for new, old in names.items()}
        return Arrays(shapes, lambda new: self._read(names[new]))


def joined(arrays: Arrays, others: Arrays) -> Arrays:
    """Both of two `Arrays`, no name of which is in both."""

    def read(name):
        return (arrays if name in arrays else others)[name]

    return Arrays({**arrays.shapes, **others.shapes}, read)


def nothing() -> Arrays:
    """No arrays."""
    none: dict[str, np.ndarray] = {}
    return Arrays({}, none.__getitem__)


def shapes_of(arrays: Mapping[str, np.ndarray]) -> dict[str, Shape]:
    """{name: shape} of `Arrays` or of a dictionary of arrays."""
    if isinstance(arrays, Arrays):
        return arrays.shapes
    return {name: tuple(array.shape) for name, array in arrays.items()}


def check_finite(
    arrays: Mapping[str, np.ndarray], names: Iterable[str] | None = None
) -> None:
    """Raises a ValueError that names the arrays with NaN or infinity."""
    names = arrays if names is None else names
    bad = [name for name in names if not np.isfinite(arrays[name]).all()]
    if bad:
        shown = ", ".join(bad[:5]) + (", …" if len(bad) > 5 else "")
        raise ValueError(
            f"Expected finite weights; {len(bad)} variables hold NaN or "
            f"infinity ({shown}): take an earlier checkpoint."
        )
