"""Encoded images within larger files: where they are, and reading them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterable
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.storage.encoded import Encoded
from simclrv2_tf.data.storage.interface import Fingerprint
from simclrv2_tf.data.storage.interface import Storage
from simclrv2_tf.data.storage.interface import within
from simclrv2_tf.data.storage.python_reads import PythonReads
from simclrv2_tf.files.remote import open_binary

DAMAGED = -1  # size of an image whose record does not match its checksum


@dataclasses.dataclass(frozen=True)
class ByteRanges(PythonReads):
    """Encoded images that are byte ranges in files.

    Attributes:
      files: Names.
      which: int32 (examples,), number of the file.
      begin: int64 (examples,), first byte.
      size: int32 (examples,), number of bytes, or `DAMAGED`.
    """

    files: np.ndarray
    which: np.ndarray
    begin: np.ndarray
    size: np.ndarray

    @classmethod
    def of_rows(
        cls, files: Sequence[str], rows: Iterable[tuple[int, int, int]]
    ) -> ByteRanges:
        """From rows (number of the file, first byte, bytes)."""
        which, begin, size = np.array(rows, np.int64).reshape(-1, 3).T
        return cls(
            np.array(files),
            which.astype(np.int32),
            begin,
            size.astype(np.int32),
        )

    def __len__(self) -> int:
        return len(self.which)

    def subset(self, indices: np.ndarray) -> ByteRanges:
        return ByteRanges(
            self.files,
            self.which[indices],
            self.begin[indices],
            self.size[indices],
        )

    def in_memory(self) -> Storage:
        """The same images, read; itself where one of them cannot be."""
        images = self.read_all(np.arange(len(self)))
        if [len(image) for image in images] != self.size.tolist():
            return self
        return Encoded(images)

    def file(self, index: int) -> str:
        """Name of the file that an image is in."""
        return str(self.files[self.which[index]])

    def where(self, index: int, name: str) -> str:
        return within(index, name, self.file(index))

    def fingerprint(self) -> Fingerprint:
        digest = hashlib.sha256(repr(self.files.tolist()).encode())
        for numbers in (self.which, self.begin, self.size):
            digest.update(numbers.tobytes())
        return Fingerprint(other=digest.hexdigest())

    def __repr__(self) -> str:
        """In the words of earlier versions: fingerprints of runs hold it."""
        return (
            f"Places(files={self.files!r}, which={self.which!r}, "
            f"begin={self.begin!r}, size={self.size!r})"
        )

    def read(self, index: int) -> bytes:
        """The bytes of one image.

        Raises:
          ValueError: If the image is damaged, or the file gone or shorter
            than it was when the data set was opened.
        """
        path, size = self.file(index), int(self.size[index])
        if size == DAMAGED:
            raise ValueError(
                f"The record at byte {self.begin[index]} of the file {path!r} "
                "does not match its checksum: copy the file, or prepare it, "
                "again."
            )
        try:
            with open_binary(path) as file:
                file.seek(int(self.begin[index]))
                data = file.read(size)
        except OSError as error:
            raise ValueError(
                f"The file {path!r}, which was there when the data set was "
                f"opened, cannot be read any more ({error}): bring it back, "
                "then the run can go on."
            ) from None
        if len(data) < size:
            raise ValueError(
                f"The file {path!r} has become shorter since the data set was "
                "opened: bring back what it held, then the run can go on."
            )
        return data

    def read_all(self, indices: np.ndarray) -> np.ndarray:
        """`read` of many, each file opened once; b"" for what fails."""
        data = np.full(len(indices), b"", object)
        which, begin = self.which[indices], self.begin[indices].tolist()
        size = self.size[indices].tolist()
        whole = self.size[indices] != DAMAGED
        for number in np.unique(which):
            with (
                contextlib.suppress(OSError),
                open_binary(str(self.files[number])) as file,
            ):
                for row in np.flatnonzero((which == number) & whole):
                    file.seek(begin[row])
                    data[row] = file.read(size[row])
        return data
