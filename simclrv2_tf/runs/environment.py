"""Describes versions, revision, hardware and data of a run."""

from __future__ import annotations

import hashlib
import os
import pathlib
import platform
import socket
import subprocess
from importlib import metadata
from typing import Any

import numpy as np
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.data.source import Source
from simclrv2_tf.machine.cores import cores

_PACKAGES = ("tensorflow", "keras", "numpy", "tensorflow-datasets")
_SAMPLED = 1000  # images that a fingerprint reads of many, or somewhat more
_WHOLE_BYTES = 2**28  # of an array that is read whole


def describe() -> dict:
    """Dictionary of what JSON holds: versions, revision, hardware, process."""
    return {
        "versions": _versions(),
        "revision": _revision(),
        "hardware": _hardware(),
        "process": {"host": socket.gethostname(), "pid": os.getpid()},
    }


def _versions():
    versions: dict[str, str | None] = {
        "simclrv2_tf": simclrv2_tf.__version__,
        "python": platform.python_version(),
    }
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # under another name, as on TPUs
            versions[name] = None
    return versions


def _revision():
    """The git revision of the code, "+" if it was changed; None without."""
    root = pathlib.Path(simclrv2_tf.__file__).resolve().parents[1]
    if not (root / ".git").exists():  # installed, perhaps inside a checkout
        return None
    revision = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{revision}+" if revision and changed else revision


def _git(root, *arguments):
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _hardware():
    accelerators = [
        tf.config.experimental.get_device_details(d).get("device_name", d.name)
        for d in tf.config.list_physical_devices()
        if d.device_type != "CPU"
    ]
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": _memory_gib(),
        "accelerators": accelerators,
    }


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            names = [li for li in file if li.startswith("model name")]
    except OSError:
        names = []
    if names:
        return names[0].split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_gib():
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not known on this system
        return None
    return round(pages / 2**30, 1)


def describe_data(source: Source) -> dict[str, Any]:
    """Dictionary that identifies data: name, examples, fingerprint."""
    return {
        "name": source.name,
        "examples": source.num_examples,
        "fingerprint": fingerprint(source),
    }


def fingerprint(source: Source) -> str:
    """A short digest of a data set: its labels, its order, its images.

    Arrays are read whole up to 256 MiB; of larger ones and of encoded images
    a thousand or so, evenly spread; of files on disk the names alone.

    Args:
      source: A `Source`.
    """
    return digest_of(source, source.storage.contents())


def digest_of(source: Source, images: Any) -> str:
    """As `fingerprint`, with other words for the images.

    Args:
      source: A `Source`.
      images: In place of the `contents` of its storage.
    """
    digest = hashlib.sha256()
    contents = {
        "labels": source.labels,
        "class_names": source.class_names,
        source.storage.kind: images,
        "channels": source.channels,
        "shape": source.shape,
    }
    for name, value in contents.items():
        if value is not None:
            digest.update(name.encode())
            _add(digest, value)
    return digest.hexdigest()[:16]


def _add(digest, value):
    if isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(repr((value.shape, value.dtype.str)).encode())
        rows = value if value.nbytes <= _WHOLE_BYTES else _sample(value)
        digest.update(np.ascontiguousarray(rows).tobytes())
    elif isinstance(value, (list, tuple, np.ndarray)):
        digest.update(str(len(value)).encode())
        for part in _sample(value):
            data = part if isinstance(part, bytes) else str(part).encode()
            digest.update(len(data).to_bytes(8, "little") + data)
    elif hasattr(value, "__dict__"):  # a storage
        for name, part in sorted(vars(value).items()):
            digest.update(name.encode())
            _add(digest, part)
    else:
        digest.update(str(value).encode())


def _sample(rows):
    return rows[:: max(1, len(rows) // _SAMPLED)]
