"""Numbered versions on disk: each whole or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def staged(directory: str, version: int) -> Iterator[str]:
    """Lets a body write a version under another name, then renames it.

    TensorFlow Serving loads a directory as soon as its name is a number.

    Args:
      directory: Where versions are; made if missing.
      version: Whole number, 0 or more.

    Yields:
      The path to write to. If the body fails, it is removed.
    """
    if version != int(version) or version < 0:
        raise ValueError(
            "`version` must be a whole number, 0 or more. Received: "
            f"version={version}"
        )
    target = os.path.join(directory, str(int(version)))
    beside = os.path.join(directory, f".{int(version)}.writing")
    _make(directory)
    _remove(beside)
    tf.io.gfile.makedirs(beside)
    try:
        yield beside
        _replace(target, beside)
    finally:
        _remove(beside)


def _make(directory):
    try:
        tf.io.gfile.makedirs(directory)
    except tf.errors.OpError as error:
        raise ValueError(
            "The directory of exported models must be one that can be written "
            f"to. Received: {directory!r} ({error.message})"
        ) from None


def _replace(target, beside):
    """Puts a version in place; an old one of that number goes aside first."""
    old = f"{beside}.old"
    _remove(old)
    if tf.io.gfile.exists(target):
        tf.io.gfile.rename(target, old)
    tf.io.gfile.rename(beside, target)
    _remove(old)


def _remove(path):
    if tf.io.gfile.exists(path):
        tf.io.gfile.rmtree(path)


def forget_older(directory: str, version: int, keep: int) -> None:
    """Removes versions before `version`, so that `keep` stay with it.

    Newer ones are left alone: whoever exports an older step does not mean to
    lose them.
    """
    older = [v for v in versions_of(directory) if v < version]
    for old in older[: max(len(older) - keep + 1, 0)]:
        tf.io.gfile.rmtree(os.path.join(directory, str(old)))


def versions_of(directory: str) -> list[int]:
    """Numbers of the versions, ascending."""
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(directory))
    return sorted(int(name) for name in names if name.isdigit())
