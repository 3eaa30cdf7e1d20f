"""Where encoded images lie within larger files, and reading them there."""

import contextlib
import dataclasses
import hashlib

import numpy as np

from simclrv2_tf.files.remote import open_binary


class OneByOne:
    """Places that are read one after the other."""

    def read_all(self, indices):
        """`read` of many, (n,) bytes; b"" in the place of what fails."""
        data = np.full(len(indices), b"", object)
        for row, index in enumerate(indices):
            with contextlib.suppress(OSError, ValueError):
                data[row] = self.read(index)
        return data


@dataclasses.dataclass(frozen=True)
class Places:
    """Where images lie within files.

    Attributes:
      files: Names.
      which: int32 (examples,), number of the file.
      begin: int64 (examples,), first byte.
      size: int32 (examples,), number of bytes.
    """

    files: np.ndarray
    which: np.ndarray
    begin: np.ndarray
    size: np.ndarray

    @classmethod
    def of_rows(cls, files, rows):
        """Places from rows (number of the file, first byte, bytes)."""
        which, begin, size = np.array(rows, np.int64).reshape(-1, 3).T
        return cls(
            np.array(files),
            which.astype(np.int32),
            begin,
            size.astype(np.int32),
        )

    def __len__(self):
        return len(self.which)

    def __getitem__(self, indices):
        return Places(
            self.files,
            self.which[indices],
            self.begin[indices],
            self.size[indices],
        )

    def fingerprint(self):
        """Text that differs for other places."""
        digest = hashlib.sha256(repr(self.files.tolist()).encode())
        for numbers in (self.which, self.begin, self.size):
            digest.update(numbers.tobytes())
        return digest.hexdigest()

    def file(self, index):
        """Name of the file that an image lies in."""
        return str(self.files[self.which[index]])

    def read(self, index):
        """The bytes of one image.

        Raises:
          ValueError: If the file is gone or has been cut since it was looked
            through.
        """
        path, size = self.file(index), int(self.size[index])
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

    def read_all(self, indices):
        """`read` of many, each file opened once; b"" for what fails."""
        data = np.full(len(indices), b"", object)
        which, begin = self.which[indices], self.begin[indices].tolist()
        size = self.size[indices].tolist()
        for number in np.unique(which):
            with (
                contextlib.suppress(OSError),
                open_binary(str(self.files[number])) as file,
            ):
                for row in np.flatnonzero(which == number):
                    file.seek(begin[row])
                    data[row] = file.read(size[row])
        return data
