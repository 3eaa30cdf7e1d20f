"""Fingerprints of a data set that stay the same where it is moved."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Files
from simclrv2_tf.runs.environment import digest_of

_READ = 16  # images that stand for all where a directory's name does not
_Cut: TypeAlias = Callable[[list[str]], list[str]]


def fingerprint_anywhere(source: Source) -> str:
    """As `fingerprint`, the same where a directory of the same name is moved.

    Args:
      source: A `Source`.
    """
    return _fingerprint(source, _from_their_directory)


def fingerprint_renamed(source: Source) -> str | None:
    """As `fingerprint_anywhere`, also for a directory of another name.

    A few images are read in place of that name.

    Args:
      source: A `Source`.

    Returns:
      None where no files are named, so that the other fingerprint says it
      all, and where one of the images cannot be read.
    """
    if not _names_files(source):
        return None
    digest = hashlib.sha256(_fingerprint(source, _below_directory).encode())
    last = source.num_examples - 1
    try:
        for index in np.unique(np.linspace(0, last, _READ).astype(np.int64)):
            digest.update(source.encoded_bytes(index))
    except (ValueError, OSError, tf.errors.OpError):
        return None
    return digest.hexdigest()[:16]


def _fingerprint(source: Source, cut: _Cut) -> str:
    """A digest with the paths of files cut."""
    contents = source.storage.contents()
    if isinstance(source.storage, Files):
        return digest_of(source, cut([str(path) for path in contents]))
    if hasattr(contents, "files"):
        files = cut([str(path) for path in contents.files])
        return digest_of(source, _with(contents, files=files))
    name, sources = _parts(contents)
    if name:
        parts = [_fingerprint(part, cut) for part in sources]
        contents = _with(contents, **{name: parts})
    return digest_of(source, contents)


def _with(contents, **values):
    return SimpleNamespace(**{**vars(contents), **values})


def _parts(contents: Any) -> tuple[str, Sequence[Source]]:
    """The attribute of joined images that has their sources; "" for others."""
    for name in ("sources", "_sources"):
        if hasattr(contents, name):
            return name, getattr(contents, name)
    return "", ()


def _names_files(source: Source) -> bool:
    """Whether images are told by the files that they are, or are in."""
    contents = source.storage.contents()
    if isinstance(source.storage, Files) or hasattr(contents, "files"):
        return True
    return any(map(_names_files, _parts(contents)[1]))


def _from_their_directory(paths: list[str]) -> list[str]:
    """Paths from the innermost directory on that holds them all."""
    common = os.path.commonprefix(paths)
    begin = common.rfind("/", 0, max(0, common.rfind("/"))) + 1
    return [path[begin:] for path in paths]


def _below_directory(paths: list[str]) -> list[str]:
    """Paths below the innermost directory that holds them all."""
    begin = os.path.commonprefix(paths).rfind("/") + 1
    return [path[begin:] for path in paths]
