"""Images in rows of Parquet files, read in place."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from simclrv2_tf.data.storage import Fingerprint
from simclrv2_tf.data.storage import PythonReads
from simclrv2_tf.data.storage import within
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.remote import open_binary

GROUPS_KEPT = 2  # groups of rows that are kept at hand
_READING = threading.BoundedSemaphore(4)  # groups that are read at once
# Of each group of rows: one thread reads it, others that want it wait.
_LOCKS: dict[tuple[str, int, str], threading.Lock] = {}


def pyarrow_parquet() -> ModuleType:
    """The module `pyarrow.parquet`.

    Raises:
      ImportError: If it is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError:
        raise ImportError(
            "parquet:GLOB needs pyarrow: pip install 'simclrv2_tf[parquet]'"
        ) from None
    return pyarrow.parquet


def guarded(path: str, function: Callable, *arguments: Any) -> Any:
    """Calls a function of an open file; damage becomes a sentence."""
    parquet = pyarrow_parquet()
    import pyarrow

    try:
        with open_binary(path) as data, parquet.ParquetFile(data) as file:
            return function(file, *arguments)
    except (pyarrow.ArrowException, OSError, MemoryError) as error:
        raise ValueError(
            f"The file {path!r} cannot be read as Parquet "
            f"({first_line(error)}): it is "
            "damaged, or was not copied to its end."
        ) from None


@dataclasses.dataclass(frozen=True)
class Rows(PythonReads):
    """Encoded images in rows of Parquet files.

    Attributes:
      files: Names.
      column: Name of the column of images.
      rows: int64 (examples, 3): number of the file, of the group, of the row.
    """

    files: tuple[str, ...]
    column: str
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, indices: np.ndarray) -> Rows:
        return dataclasses.replace(self, rows=self.rows[indices])

    def fingerprint(self) -> Fingerprint:
        digest = hashlib.sha256(repr((self.files, self.column)).encode())
        digest.update(self.rows.tobytes())
        return Fingerprint(other=digest.hexdigest())

    def file(self, index: int) -> str:
        return self.files[self.rows[index, 0]]

    def where(self, index: int, name: str) -> str:
        return within(index, name, self.file(index))

    def read(self, index: int) -> bytes:
        """The bytes of one image.

        Raises:
          ValueError: If the row has none, or the file cannot be read or has
            become shorter.
        """
        _, group, row = (int(number) for number in self.rows[index])
        path = self.file(index)
        value = _value(path, group, row, self.column)
        if isinstance(value, dict):
            value = value.get("bytes")
        if not isinstance(value, bytes):
            raise ValueError(
                f"The file {path!r} must hold encoded images. Received: none "
                f"in row {row} of group {group}"
            )
        return value


def forget_groups() -> None:
    """Drops the cached groups: files may have changed."""
    _LOCKS.clear()
    _group.cache_clear()


def _value(path, group, row, column):
    """What one row holds; a ValueError if it is not there any more."""
    place = path, group, column
    lock = _LOCKS.setdefault(place, threading.Lock())
    try:
        with lock:
            images = _group(*place, lock)
        return images[row].as_py()
    except IndexError:
        raise ValueError(
            f"The file {path!r} must hold the row {row} of group {group}, as "
            "it did when the data set was opened. Received: a shorter file; "
            "bring back what it held, or start again."
        ) from None


@functools.lru_cache(GROUPS_KEPT)
def _group(path, group, column, lock):
    """The column of images of one group of rows.

    The lock is another after `forget_groups`: what a thread was reading then
    is given to nobody else.
    """
    with _READING:
        return guarded(
            path, lambda file: file.read_row_group(group, [column]).column(0)
        )
