"""The images of several sources, one after another."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.joined_pixels import JoinedPixels
from simclrv2_tf.data.storage import ArrayStorage
from simclrv2_tf.data.storage import Fingerprint
from simclrv2_tf.data.storage import PythonReads
from simclrv2_tf.data.storage import Storage
from simclrv2_tf.data.storage import within


def join_storages(sources: Sequence[Source]) -> Storage:
    """One storage of all images.

    Arrays of one kind and shape become one array. Others of one shape and
    type that cannot be encoded are read from where they are.

    Raises:
      ValueError: If arrays cannot stand beside other images.
    """
    storages = [
        source.storage
        for source in sources
        if isinstance(source.storage, ArrayStorage)
    ]
    forms = {(type(s), s.array.shape[1:], s.array.dtype.kind) for s in storages}
    if len(storages) == len(sources) and len(forms) == 1:
        arrays = [storage.array for storage in storages]
        return type(storages[0])(np.concatenate(arrays))
    if _are_pixels_of_one_form(sources):
        return JoinedPixels(sources)
    for source in sources:
        _check_encodable(source)
    counts = [source.num_examples for source in sources]
    which = np.repeat(np.arange(len(sources), dtype=np.int32), counts)
    index = np.concatenate([np.arange(count) for count in counts])
    return Joined(tuple(sources), which, index)


def _are_pixels_of_one_form(sources):
    """Whether all are arrays of one form, which cannot be encoded.

    Those that can are, as results and runs of earlier versions know them so.
    """
    storages = [source.storage for source in sources]
    if any(s.image_shape is None or _is_encodable(s) for s in storages):
        return False
    return len({(s.image_shape, str(s.dtype)) for s in storages}) == 1


def _is_encodable(storage):
    """Whether images are encoded, or pixels that can be."""
    shape = storage.image_shape
    if shape is None:  # encoded, or decoded as RGB
        return True
    return storage.dtype == np.uint8 and shape[-1] in (1, 3)


def _check_encodable(source):
    if not _is_encodable(source.storage):
        raise ValueError(
            "Arrays can be joined with other images if they are uint8 with 1 "
            "or 3 channels, or all are arrays of one size and type. Received: "
            f"{source.name} of {source.storage.dtype} with "
            f"{source.storage.image_shape[-1]} channels"
        )


@dataclasses.dataclass(frozen=True)
class Joined(PythonReads):
    """Images of several sources, encoded.

    Attributes:
      sources: `Source`s.
      which: int32 (examples,), number of the source.
      index: int64 (examples,), number of the example there.
    """

    sources: tuple[Source, ...]
    which: np.ndarray
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.which)

    def subset(self, indices: np.ndarray) -> Joined:
        """Some of the examples; of the sources no more than they need."""
        which, index = self.which[indices], self.index[indices]
        sources, numbers = [], np.empty_like(index)
        for number, source in enumerate(self.sources):
            mine = which == number
            sources.append(source.subset(index[mine]))
            numbers[mine] = np.arange(mine.sum())
        return Joined(tuple(sources), which, numbers)

    def read(self, index: int) -> bytes:
        return self.sources[self.which[index]].encoded_bytes(self.index[index])

    def where(self, index: int, name: str) -> str:
        there = self.sources[self.which[index]].where(self.index[index])
        return within(index, name, there)

    def fingerprint(self) -> Fingerprint:
        digest = hashlib.sha256(self.which.tobytes() + self.index.tobytes())
        for source in self.sources:
            digest.update(source.fingerprint().encode())
        return Fingerprint(other=digest.hexdigest())
