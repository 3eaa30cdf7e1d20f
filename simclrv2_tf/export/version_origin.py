"""Whose an exported version is: nobody else's may be replaced or removed."""

from __future__ import annotations

import hashlib
import json
import os

import tensorflow as tf

from simclrv2_tf.files.paths import is_remote

ARGUMENTS = "network.json"  # those of `Network`, beside each SavedModel
FILE = "origin.json"
_DIGITS = 16  # of the digest; the path itself is nobody's business


def is_ours(version: str) -> bool:
    """Whether a directory is a version that this package has exported."""
    return tf.io.gfile.exists(os.path.join(version, ARGUMENTS))


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
        with tf.io.gfile.GFile(os.path.join(version, FILE), "w") as file:
            json.dump({"origin": digest(origin)}, file)


def is_of(version: str, origin: str | os.PathLike[str] | None) -> bool:
    """Whether a version is ours, and notes this origin.

    Args:
      version: Directory of the version.
      origin: See `write`; None for versions that note none.
    """
    return is_ours(version) and _read(version) == digest(origin)


def _read(version):
    path = os.path.join(version, FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        try:
            return dict(json.load(file)).get("origin", "")
        except (TypeError, ValueError):
            return ""  # of no origin that is known: it stays
