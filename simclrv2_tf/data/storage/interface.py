"""What a storage of images answers, whatever it keeps them in."""

from __future__ import annotations

import abc
import io
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import BinaryIO
from typing import ClassVar
from typing import NamedTuple
from typing import cast

import numpy as np
import tensorflow as tf


class Fingerprint(NamedTuple):
    """What identifies a storage without reading its images.

    Attributes:
      shape: Of the array of images, where there is one.
      dtype: Of that array.
      sizes: Bytes of each image in memory.
      paths: Files, one for each image.
      other: Text that stands for anything else.
    """

    shape: tuple = ()
    dtype: str = "float64"
    sizes: Sequence[int] = []
    paths: Sequence[str] = []
    other: str = ""


class Storage(abc.ABC):
    """Images that are read by number.

    A storage says how many there are (`len`), which of them (`subset`), gives
    some of them (`read` in Python, `fetch` for `tf.data`), says where one
    comes from (`where`) and what it is (`fingerprint`).

    Attributes:
      encoded: Whether it gives encoded images, else pixels.
      kind: What fingerprints of runs call it.
      reads_in_python: Whether what `fetch` gives calls Python code, which
        runs in this process alone.
    """

    encoded: ClassVar[bool] = True
    kind: ClassVar[str] = "places"
    reads_in_python: ClassVar[bool] = False

    @property
    def image_shape(self) -> tuple | None:
        """(height, width, channels) of each image; None if sizes differ."""
        return None

    @abc.abstractmethod
    def __len__(self) -> int:
        """How many images there are."""

    @abc.abstractmethod
    def subset(self, indices: np.ndarray) -> Storage:
        """The images of these numbers alone, in this order."""

    @abc.abstractmethod
    def read(self, index: int) -> bytes | np.ndarray:
        """One image, as the bytes of a file or as pixels.

        Raises:
          ValueError: If a file that held many images is gone.
          OSError: If the image's own file cannot be read.
        """

    def open(self, index: int) -> BinaryIO:
        """One encoded image as a file, of which a part may do.

        Raises:
          ValueError, OSError: As `read`.
        """
        return io.BytesIO(cast("bytes", self.read(index)))

    @abc.abstractmethod
    def fetch(self) -> Callable[[Any], tf.Tensor]:
        """A function from numbers to images, for `tf.data`.

        Returns:
          Function of an int64 scalar to what `read` gives, as a tensor; it
          fails where an image cannot be read. Encoded images, and pixels of
          one size, are also given for numbers (n,); an encoded image that
          cannot be read is then "".
        """

    def where(self, index: int, name: str) -> str:
        """Where an image of the data set `name` comes from, for messages."""
        return f"example {index} of {name}"

    @abc.abstractmethod
    def fingerprint(self) -> Fingerprint:
        """What identifies the storage without reading images."""

    def contents(self) -> Any:
        """What a digest that looks at the images is made from."""
        return self


def within(index: int, name: str, place: str) -> str:
    """Where an image of the data set `name` comes from, in a file or a part."""
    return f"example {index} of {name}, in {place},"
