"""The images of several sources, one after another."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import ArrayStorage
from simclrv2_tf.data.storage import Fingerprint
from simclrv2_tf.data.storage import PythonReads
from simclrv2_tf.data.storage import Storage


def join_storages(sources: Sequence[Source]) -> Storage:
    """One storage of all images.

    Arrays of one kind and shape become one array.

    Raises:
      ValueError: If arrays cannot stand beside encoded images.
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
    for source in sources:
        _check_encodable(source)
    counts = [source.num_examples for source in sources]
    which = np.repeat(np.arange(len(sources), dtype=np.int32), counts)
    index = np.concatenate([np.arange(count) for count in counts])
    return Joined(tuple(sources), which, index)


def _check_encodable(source):
    shape = source.storage.image_shape
    if shape is None:  # encoded, or decoded as RGB
        return
    dtype, channels = source.storage.dtype, shape[-1]
    if dtype != np.uint8 or channels not in (1, 3):
        raise ValueError(
            "Arrays can be joined with other images if they are uint8 with 1 "
            f"or 3 channels, or of the others' size. Received: {source.name} "
            f"of {dtype} with {channels} channels"
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
        return f"example {index} of {name}, in {there},"

    def fingerprint(self) -> Fingerprint:
        digest = hashlib.sha256(self.which.tobytes() + self.index.tobytes())
        for source in self.sources:
            digest.update(source.fingerprint().encode())
        return Fingerprint(other=digest.hexdigest())
