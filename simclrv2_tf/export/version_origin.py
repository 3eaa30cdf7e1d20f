"""The origin of a version: exports of another are not replaced or removed."""

from __future__ import annotations

import hashlib
import os

import tensorflow as tf

from simclrv2_tf.export.version_notes import write_note
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.run_files import is_export

FILE = "origin.json"
_DIGITS = 16  # of the digest; the path itself is nobody's business


def digest(origin: str | os.PathLike[str] | None) -> str | None:
    """A text that stands for where weights come from; None for None.

    Args:
      origin: Path of a run, a job or weights, or a published name.
    """
    if origin is None:
        return None
    path = os.fspath(origin)
    path = path if is_remote(path) else os.path.abspath(path)
    return hashlib.sha256(path.rstrip("/").encode()).hexdigest()[:_DIGITS]


def write(version: str, origin: str | os.PathLike[str] | None) -> None:
    """Notes beside a SavedModel where its weights come from.

    Args:
      version: Directory of the version.
      origin: See `digest`; None where the directory is the run's own, and
        nothing is written.
    """
    if origin is not None:
        write_note(version, FILE, {"origin": digest(origin)})


def is_of(version: str, origin: str | os.PathLike[str] | None) -> bool:
    """Whether a version is ours, and notes this origin.

    Args:
      version: Directory of the version.
      origin: See `write`; None for versions that note none.
    """
    return is_export(version) and _read(version) == digest(origin)


def _read(version):
    path = os.path.join(version, FILE)
    if not tf.io.gfile.exists(path):
        return None
    return read_dictionary(path).get("origin", "")  # of no known origin: stays
