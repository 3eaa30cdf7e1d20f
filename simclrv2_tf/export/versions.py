"""Numbered versions on disk: each whole or not there."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

import tensorflow as tf

from simclrv2_tf.export import latency
from simclrv2_tf.export import version_origin
from simclrv2_tf.files.run_files import NETWORK
from simclrv2_tf.files.run_files import is_export

_LOG = logging.getLogger("simclrv2_tf")


@contextlib.contextmanager
def staged(directory: str, version: int) -> Iterator[str]:
    """Lets a body write a version under another name, then renames it.

    TensorFlow Serving loads a directory as soon as its name is a number.

    Args:
      directory: Where versions are; made if missing.
      version: Whole number, 0 or more.

    Yields:
      The path to write to. If the body fails, it is removed.

    Raises:
      ValueError: If the version is no such number, its directory cannot be
        written to, or what has that name there is no export of ours.
    """
    if version != int(version) or version < 0:
        raise ValueError(
            "`version` must be a whole number, 0 or more. Received: "
            f"version={version}"
        )
    target = os.path.join(directory, str(int(version)))
    beside = os.path.join(directory, f".{int(version)}.writing")
    _make(directory)
    _check_replaceable(target)
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


def _check_replaceable(target):
    """Raises a ValueError for what stands there and is no export of ours."""
    if tf.io.gfile.exists(target) and not is_export(target):
        raise ValueError(
            "An export replaces an earlier export alone, which has a "
            f"{NETWORK}. Received: {target!r}, which has "
            "none: move it elsewhere, or give another --export_dir."
        )


def _replace(target, beside):
    """Puts a version in place; an old one of that number goes aside first."""
    _check_replaceable(target)
    old = f"{beside}.old"
    _remove(old)
    if tf.io.gfile.exists(target):
        _warn_of_lost(target, beside)
        tf.io.gfile.rename(target, old)
    tf.io.gfile.rename(beside, target)
    _remove(old)


def _warn_of_lost(old, new):
    """Warns of files of a version that the new one in its place lacks."""
    lost = _files(old) - _files(new) - {latency.FILE}  # measured anew
    if lost:
        _LOG.warning(
            "%s is exported anew, without files that the earlier export had: "
            "%s",
            old,
            ", ".join(sorted(lost)),
        )


def _files(directory):
    """Paths of all files below a directory, as seen from it."""
    return {
        os.path.relpath(os.path.join(place, name), directory)
        for place, _, names in tf.io.gfile.walk(directory)
        for name in names
    }


def _remove(path):
    if tf.io.gfile.exists(path):
        tf.io.gfile.rmtree(path)


def forget_older(
    directory: str,
    version: int,
    keep: int,
    origin: str | os.PathLike[str] | None = None,
) -> None:
    """Removes versions before `version`, so that `keep` stay with it.

    Only exports of ours, and of the same origin, are counted and removed.
    Newer ones are left alone: whoever exports an older step does not mean to
    lose them.

    Args:
      directory: Where versions are; others may have theirs there.
      version: The one that stays in any case.
      keep: Versions that stay, that one and the newest before it.
      origin: See `version_origin.write`. Where it is given each removal is
        logged.
    """
    older = []
    for number in versions_of(directory):
        path = os.path.join(directory, str(number))
        if number < version and version_origin.is_of(path, origin):
            older.append(path)
    for path in older[: max(len(older) - keep + 1, 0)]:
        tf.io.gfile.rmtree(path)
        if origin is not None:
            _LOG.info(
                "removed %s, an earlier export of the same run "
                "(keep_hub_module_max=%d)",
                path,
                keep,
            )


def versions_of(directory: str) -> list[int]:
    """Numbers of the directories that may be versions, ascending."""
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(directory))
    return sorted(int(name) for name in names if name.isdecimal())
