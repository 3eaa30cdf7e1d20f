"""The kind of a file by its first bytes, and which file a directory means."""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Sequence

KERAS = "keras"
H5 = "weights.h5"
SAFETENSORS = "safetensors"
PICKLE = "pickle"
# Taken for their kind when the bytes tell nothing: the file is damaged.
_SUFFIXES = {
    ".keras": KERAS,
    ".h5": H5,
    ".hdf5": H5,
    ".safetensors": SAFETENSORS,
    ".pth": PICKLE,
    ".pt": PICKLE,
    ".bin": PICKLE,
    ".pth.tar": PICKLE,
}
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"  # of protocol 2 and later
# What hubs put into the name of a file of weights that others have too:
# pytorch_model.bin and tf_model.h5 beside model.safetensors.
_PROGRAMS = ("pytorch_", "tf_")
_LOG = logging.getLogger("simclrv2_tf")


def kind(path: str) -> str | None:
    """The kind of a file of weights, None for any other file.

    Args:
      path: Of a local file; it need not exist.
    """
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        start = file.read(9)
    if start.startswith(_HDF5):
        return H5
    if start.startswith(_ZIP):
        return _kind_of_zip(path)
    if start[8:] == b"{" and start[4:8] == b"\0\0\0\0":  # a short header
        return SAFETENSORS
    return PICKLE if start.startswith(_PICKLE) else _by_suffix(path)


def _kind_of_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError):  # cut off, its directory is lost
        return _by_suffix(path) or PICKLE
    if "config.json" in names:
        return KERAS
    pickled = any(os.path.basename(name) == "data.pkl" for name in names)
    return PICKLE if pickled else _by_suffix(path)


def _by_suffix(path):
    kinds = (k for end, k in _SUFFIXES.items() if path.endswith(end))
    return next(kinds, None)


def only_file(directory: str) -> str | None:
    """The one file of weights in a directory, None if there is none.

    Hubs keep the same weights in several files: of these it is the
    `.safetensors`, which the log says.

    Raises:
      ValueError: If there are several.
    """
    if not os.path.isdir(directory):
        return None
    paths = (os.path.join(directory, n) for n in os.listdir(directory))
    files = sorted(p for p in paths if _by_suffix(p) and kind(p))
    files = _without_same(files)
    if len(files) > 1:
        raise several(directory, files)
    return files[0] if files else None


def _without_same(paths):
    """Files but those of the same weights as a `.safetensors` beside them."""
    kept = {_name(p): p for p in paths if kind(p) == SAFETENSORS}
    same = {p: kept[_name(p)] for p in paths if _may_repeat(p, kept)}
    for path, safe in same.items():
        _LOG.info(
            "%s is read, and not %s beside it, of the same weights by its name",
            safe,
            os.path.basename(path),
        )
    return [path for path in paths if path not in same]


def _may_repeat(path, kept):
    """Whether another program's file has the name of one that is kept."""
    name = os.path.basename(path)
    theirs = kind(path) == PICKLE or name.startswith(_PROGRAMS)
    return theirs and path not in kept.values() and _name(path) in kept


def _name(path):
    """A file's name without its ending, and without that of a program."""
    name = os.path.basename(path)
    end = max((e for e in _SUFFIXES if name.endswith(e)), key=len, default="")
    name = name.removesuffix(end)
    for program in _PROGRAMS:
        name = name.replace(program, "")
    return name


def several(directory: str, paths: Sequence[str]) -> ValueError:
    """The error for a directory that could mean more than one thing."""
    names = ", ".join(os.path.basename(path) for path in paths[:5])
    more = ", …" if len(paths) > 5 else ""
    return ValueError(
        f"{directory!r} holds {len(paths)} sets of weights ({names}{more}): "
        "give the path of one of them."
    )
