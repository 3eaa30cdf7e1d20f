"""Published weights on this machine: fetched once, whole, and verified."""

from __future__ import annotations

import contextlib
import errno
import functools
import glob
import hashlib
import json
import os
import shutil
import urllib.error
import zlib

import tensorflow as tf

from simclrv2_tf.checkpoints.bundle import Bundle
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub import download
from simclrv2_tf.hub import mirrors

CACHE = "SIMCLRV2_CACHE"
_RECORD = "files.json"
_BYTES = 2**20  # read at once for hashing
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def cache_directory() -> str:
    """`SIMCLRV2_CACHE`, else the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get(CACHE) or os.path.join(base, "simclrv2_tf")


def fetch(model: catalogue.Model) -> str:
    """Brings a published model to the cache, or verifies it there.

    Several processes may ask for the same model at once: one fetches, the
    others wait. An interrupted download goes on where it stopped.

    Args:
      model: A `catalogue.Model`.

    Returns:
      Path for `source.open_source`.

    Raises:
      ValueError: If it is not found in any place, or the cache is damaged.
    """
    final = os.path.join(cache_directory(), *model.name.split("/"))
    with _cache_errors(model, final):
        if not _is_whole(final):  # a cache that others filled may be read-only
            with _locked(final):
                if not _is_whole(final):
                    _bring(model, final)
        return _verified(final)


def _is_whole(final):
    return os.path.exists(os.path.join(final, _RECORD))


@contextlib.contextmanager
def _cache_errors(model, final):
    try:
        yield
    except OSError as error:
        reason = str(error)
        if error.errno in _FULL:
            _remove_partial(final)
            reason = f"the disk is full ({error.strerror}): make room"
        elif error.errno in _FORBIDDEN:
            reason = "no permission: change it"
        raise ValueError(
            f"{model.name} cannot be kept in {cache_directory()!r}, {reason}, "
            f"or name another directory in {CACHE}."
        ) from error


@contextlib.contextmanager
def _locked(final):
    """Lets one process at a time at a model, where the system can."""
    os.makedirs(os.path.dirname(final), exist_ok=True)
    try:
        import fcntl
    except ImportError:  # not on this system
        yield
        return
    with open(f"{final}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _partial(final, place):
    """The directory of partial downloads from a place; each has its own."""
    return f"{final}.part-{zlib.crc32(place.encode()):08x}"


def _remove_partial(final):
    for directory in glob.glob(f"{glob.escape(final)}.part-*"):
        shutil.rmtree(directory, ignore_errors=True)


def _bring(model, final):
    """Tries all places; the first that has the model is taken."""
    if os.path.isdir(final):  # put there by hand
        _adopt(model, final)
        return
    refusals = []
    for place, get in mirrors.places(model):
        partial = _partial(final, place)
        try:
            files, load = get(model, place, partial)
            _check(partial, load)
        except (urllib.error.URLError, download.Unreachable) as error:
            refusals.append(f"{place}: {_reason(error)}")
            continue
        _record(partial, files, load, place)
        os.rename(partial, final)
        _remove_partial(final)
        return
    _remove_empty(final)
    raise ValueError(mirrors.not_found(model, refusals))


def _adopt(model, final):
    """Takes files that a user put into the cache."""
    for get in mirrors.VARIANTS:
        with contextlib.suppress(download.Unreachable):
            files, load = get(model, final, final)
            _record(final, files, load, final)
            return
    raise ValueError(
        f"{final!r} holds no whole model: remove it, and {model.name} is "
        "fetched again."
    )


def _check(partial, load):
    """Reads the whole download once; drops it if it is no whole checkpoint."""
    try:
        bundle = Bundle(os.path.join(partial, load))
        for key in bundle.shapes:
            bundle.read(key)
    except tf.errors.OpError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise download.Unreachable(
            f"what came is truncated or damaged ({type(error).__name__})"
        ) from error


def _record(directory, files, load, place):
    """Writes sizes and checksums of the download, for later checks."""
    record = {
        "load": load,
        "from": place,
        "files": {file: _mark(os.path.join(directory, file)) for file in files},
    }
    path = os.path.join(directory, _RECORD)
    write_json(path, record, end="")


def _remove_empty(final):
    """Removes directories of partial downloads that are empty."""
    for directory in glob.glob(f"{glob.escape(final)}.part-*"):
        if not any(files for _, _, files in os.walk(directory)):
            shutil.rmtree(directory, ignore_errors=True)


def _verified(final):
    """Path to load, once all files are what was recorded."""
    with open(os.path.join(final, _RECORD)) as file:
        record = json.load(file)
    for name, mark in record["files"].items():
        path = os.path.join(final, name)
        if not os.path.exists(path) or _mark(path) != mark:
            raise ValueError(
                f"{path!r} is no longer the file that was fetched (SHA-256 "
                f"and size were recorded): remove {final!r} and fetch again."
            )
    return os.path.join(final, record["load"])


def _mark(path):
    """Size and SHA-256 of a file."""
    status = os.stat(path)
    return _hashed(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=64)  # a file is hashed once in a process
def _hashed(path, size, changed):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_BYTES):
            digest.update(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _reason(error):
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", error))
