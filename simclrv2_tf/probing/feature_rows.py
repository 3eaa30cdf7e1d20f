"""Rows of features, in memory or in a file, taken block by block.

What the classifiers take as features is anything with a shape (examples,
features) whose slices are arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

BLOCK = 2**24  # numbers in a block, 64 MiB of float32
_MAPPED = 1024  # rows that are read from one map
FEW = 2**25  # numbers that may be held whole, 128 MiB


class StoredRows:
    """Rows of an .npy file, of which no more than a slice is in memory.

    The file is mapped anew for each `_MAPPED` rows: pages that were read, and
    those around them, count as memory of the process until the map is closed.

    Args:
      path: Of the file, (all examples, features).
      numbers: Of the examples that are the rows here, int (examples,); None
        for all.
    """

    def __init__(self, path: str, numbers: np.ndarray | None = None) -> None:
        self._path = path
        count, width = self._map().shape
        self._numbers = np.arange(count) if numbers is None else numbers
        self.shape = len(self._numbers), width

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: slice) -> np.ndarray:
        numbers = self._numbers[part]
        rows = np.empty((len(numbers), self.shape[1]), np.float32)
        for start in range(0, len(numbers), _MAPPED):
            some = slice(start, start + _MAPPED)
            rows[some] = self._map()[numbers[some]]
        return rows

    def _map(self):
        return np.load(self._path, mmap_mode="r", allow_pickle=False)

    def take(self, numbers: np.ndarray) -> StoredRows:
        """Some of the rows, by their numbers here."""
        return StoredRows(self._path, self._numbers[numbers])


Rows: TypeAlias = np.ndarray | StoredRows  # (examples, features)


def blocks(rows: Rows, most: int = BLOCK) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields rows block by block: which they are, and the rows, float32.

    Args:
      rows: Features (examples, features).
      most: Numbers in a block.
    """
    size = max(1, most // rows.shape[1])
    for start in range(0, len(rows), size):
        part = slice(start, min(start + size, len(rows)))
        yield part, np.asarray(rows[part], np.float32)


def mean_and_variance(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Of each feature, float64 (features,) each, block by block.

    Args:
      rows: Features (examples, features), one example or more.
    """
    total = squares = np.zeros(rows.shape[1])
    for _, block in blocks(rows):
        total = total + block.sum(axis=0, dtype=np.float64)
    mean = total / len(rows)
    for _, block in blocks(rows):
        squares = squares + np.square(block - mean).sum(axis=0)
    return mean, squares / len(rows)


def part_of(rows: Rows, numbers: np.ndarray) -> Rows:
    """Some of the rows, by their numbers: of a file as rows of that file.

    Args:
      rows: `StoredRows`, or an array.
      numbers: int (some,).
    """
    return rows[numbers] if isinstance(rows, np.ndarray) else rows.take(numbers)


def taken(rows: Rows, numbers: np.ndarray) -> np.ndarray:
    """As `part_of`, in memory."""
    return part_of(rows, numbers)[:]


def are_few(rows: Rows) -> bool:
    """Whether rows may be held in memory as a whole, and some copies."""
    return rows.shape[0] * rows.shape[1] <= FEW
