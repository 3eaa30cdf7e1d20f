"""Reads arrays of an npz file without pickle, and checks their sizes."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib

import numpy as np

from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.remote import open_binary

MEMORY_LIMIT = 2**29  # bytes of an array that is read into memory
LOCAL_HEADER = 30  # bytes in a zip file before a member's name
# What to do about an array of Python objects.
OF_IMAGES = (
    ", as images of mixed sizes do, which are not read: give images of one "
    "size as one array of numbers, or put them in a folder and give "
    "folder:PATH"
)
OF_TEXTS = ", which are not read: save it as array.astype(str)"


def array_shapes(path: str) -> dict[str, tuple[int, ...]]:
    """Dictionary from the arrays of an npz file to their shapes.

    Raises:
      ValueError: If it is no such file.
    """
    return _guarded(path, _shapes)


def read_array(
    path: str, name: str, mapped: bool = False, objects: str = OF_TEXTS
) -> np.ndarray:
    """One array of an npz file.

    Args:
      path: The file.
      name: Of the array.
      mapped: Whether a large array may be mapped from the file instead of
        read.
      objects: The end of the error for an array of Python objects.

    Raises:
      ValueError: If the file is damaged, or shorter than it says, or the
        array holds Python objects, which could run code.
    """
    return _guarded(path, _array, name, mapped, objects)


def _guarded(path, function, *arguments):
    damage = (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,  # ways of compressing that are not known
        RuntimeError,  # encrypted
        SyntaxError,
        TypeError,
        OverflowError,
        UnicodeDecodeError,
    )
    try:
        with open_binary(path) as file, zipfile.ZipFile(file) as archive:
            return function(path, archive, *arguments)
    except damage as error:
        raise ValueError(
            f"The file {path!r} is no whole npz file ({error}): it is "
            "damaged, or was not copied to its end."
        ) from None


def _shapes(path, archive):
    return {
        name.removesuffix(".npy"): _header(path, archive, name)[0]
        for name in archive.namelist()
        if name.endswith(".npy")
    }


def _header(path, archive, name):
    """Shape, order, type and length of the header of an array."""
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(file)
        else:
            header = np.lib.format.read_array_header_2_0(file)
        length = file.tell()
    shape, _, dtype = header
    size = archive.getinfo(name).file_size - length
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize != size:
        raise ValueError(
            f"The array {name.removesuffix('.npy')!r} of {path!r} is damaged: "
            f"its shape {shape} takes another number of bytes than the {size} "
            "that are there."
        )
    return *header, length


def _array(path, archive, name, mapped, objects):
    member = f"{name}.npy"
    shape, fortran, dtype, length = _header(path, archive, member)
    if dtype.hasobject:
        raise ValueError(
            f"The array {name!r} of {path!r} holds Python objects{objects}"
        )
    info = archive.getinfo(member)
    plain = info.compress_type == zipfile.ZIP_STORED and not fortran
    if (
        mapped
        and plain
        and not is_remote(path)
        and info.file_size > MEMORY_LIMIT
    ):
        begin = info.header_offset + _local_header(archive, info) + length
        return np.memmap(path, dtype, "r", begin, shape)
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _local_header(archive, info):
    """Bytes between a member's place in the zip file and its data."""
    archive.fp.seek(info.header_offset)
    head = archive.fp.read(LOCAL_HEADER)
    name, extra = struct.unpack_from("<HH", head, LOCAL_HEADER - 4)
    return LOCAL_HEADER + name + extra
