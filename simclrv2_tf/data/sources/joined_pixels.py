"""Pixels of several sources, all of one size, one after another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Fingerprint
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.storage import within


class JoinedPixels(Mapped):
    """Images of one size and type, each read from where it is.

    Args:
      sources: `Source`s of such images.
      numbers: int (n,), which of all images this storage has; None for all.
    """

    def __init__(
        self, sources: Sequence[Source], numbers: np.ndarray | None = None
    ):
        self._sources = tuple(sources)
        self._ends = np.cumsum([source.num_examples for source in sources])
        count = int(self._ends[-1])
        self._numbers = np.arange(count) if numbers is None else numbers

    @property
    def image_shape(self) -> tuple:
        return self._storage(0).image_shape

    @property
    def dtype(self) -> np.dtype:
        return self._storage(0).dtype

    def subset(self, indices: np.ndarray) -> JoinedPixels:
        return JoinedPixels(self._sources, self._numbers[indices])

    def read(self, index: int | slice | np.ndarray) -> np.ndarray:
        """One image; many for a slice or an array of numbers."""
        which, rows = self._places(index)
        if not np.ndim(rows):
            return np.asarray(self._storage(which).read(rows))
        images = np.empty((len(rows), *self.image_shape), self.dtype)
        for number in np.unique(which):
            mine = which == number
            images[mine] = self._storage(number).read(rows[mine])
        return images

    def where(self, index: int, name: str) -> str:
        which, row = self._places(index)
        there = self._sources[which].where(int(row))
        return within(index, name, there)

    def fingerprint(self) -> Fingerprint:
        digest = hashlib.sha256(self._numbers.tobytes())
        for source in self._sources:
            digest.update(source.fingerprint().encode())
        return Fingerprint(other=digest.hexdigest())

    def __repr__(self) -> str:
        """The same text in every process: fingerprints of runs hold it."""
        rows = hashlib.sha256(self._numbers.tobytes()).hexdigest()[:16]
        return f"JoinedPixels(sources={self._sources!r}, rows={rows!r})"

    def _storage(self, number) -> Any:
        return self._sources[number].storage

    def _places(self, index):
        """Number of the source, and the number there, of each image."""
        numbers = self._numbers[index]
        which = np.searchsorted(self._ends, numbers, side="right")
        counts = np.diff(self._ends, prepend=0)
        return which, numbers - (self._ends - counts)[which]
