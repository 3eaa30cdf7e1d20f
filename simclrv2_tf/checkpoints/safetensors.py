"""The safetensors format; its library writes only what is all in memory.

`safetensors` 0.8 takes one dictionary of arrays, and the largest network has
3 GB of them. Here arrays are written and read one at a time.

Layout (github.com/huggingface/safetensors): eight bytes with the length of
the header, little endian; the header, {name: {"dtype", "shape",
"data_offsets"}} and "__metadata__" with strings; the arrays, one behind the
other, rows first. Nothing in a file is run.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np

from simclrv2_tf.checkpoints.arrays import Shape

_ALIGNMENT = 8  # the header is padded to a multiple of this with spaces
_MOST_HEADER_BYTES = 100_000_000  # bound of the format's reference reader
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",  # widened to float32 on reading
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}


class File:
    """A safetensors file that is being read.

    Attributes:
      metadata: {string: string}.
      shapes: {name: shape}.

    Raises:
      ValueError: If the file is truncated or not of this format.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        header, self._start = _header(path)
        self.metadata = header.pop("__metadata__", {})
        if not all(map(_is_entry, header.values())):
            raise ValueError(_damaged(path, "the header"))
        self._entries = header
        self.shapes = {n: tuple(e["shape"]) for n, e in header.items()}
        self._check(os.path.getsize(path))

    def _check(self, size):
        for name, entry in self._entries.items():
            begin, end = entry["data_offsets"]
            count = int(np.prod(entry["shape"], dtype=np.int64))
            dtype = _DTYPES.get(entry["dtype"])
            if dtype is None:
                raise ValueError(
                    f"{self._path!r} cannot be read: {name} has the type "
                    f"{entry['dtype']}; expected one of {list(_DTYPES)}."
                )
            if end - begin != count * np.dtype(dtype).itemsize:
                raise ValueError(_damaged(self._path, f"size of {name}"))
            if self._start + end > size:
                raise ValueError(_damaged(self._path, f"{name} is cut off"))

    def read(self, name: str) -> np.ndarray:
        """One array, in its own type; bfloat16 as float32."""
        entry = self._entries[name]
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        begin, end = entry["data_offsets"]
        with open(self._path, "rb") as file:
            file.seek(self._start + begin)
            array = np.fromfile(file, dtype, (end - begin) // dtype.itemsize)
        if entry["dtype"] == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        return array.reshape(entry["shape"])


def write(
    path: str,
    shapes: Mapping[str, Shape],
    read: Callable[[str], np.ndarray],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes float32 arrays.

    Args:
      path: Of the file.
      shapes: {name: shape}.
      read: Function from a name to its array.
      metadata: {string: string}.
    """
    header: dict[str, Any] = {"__metadata__": metadata or {}}
    offset = 0
    for name, shape in shapes.items():
        end = offset + 4 * int(np.prod(shape, dtype=np.int64))
        header[name] = {
            "dtype": "F32",
            "shape": list(shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in shapes:
            # Not `tofile`, whose errors do not tell a full disk.
            file.write(np.ascontiguousarray(read(name), "<f4").data)


def _header(path):
    with open(path, "rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise ValueError(_damaged(path, "no header"))
        (length,) = struct.unpack("<Q", start)
        if length > _MOST_HEADER_BYTES:
            raise ValueError(_damaged(path, "no header of this format"))
        text = file.read(length)
    if len(text) < length:
        raise ValueError(_damaged(path, "the header is cut off"))
    try:
        header = dict(json.loads(text))
    except (TypeError, ValueError):
        raise ValueError(_damaged(path, "the header is no JSON")) from None
    return header, 8 + length


def _is_entry(entry):
    """Whether a value of the header describes an array."""
    match entry:
        case {"dtype": str(), "shape": list(shape), "data_offsets": [a, b]}:
            return all(isinstance(n, int) and n >= 0 for n in (*shape, a, b))
    return False


def _damaged(path, why):
    return (
        f"{path!r} cannot be read: it is truncated or damaged ({why}); copy "
        "or download it again."
    )
