"""How much memory this machine, or the container, has left."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

_ROOT = pathlib.Path("/")
_UNLIMITED = 2**60  # bytes; control groups without a limit have one above


class _Files(NamedTuple):
    """Names of a control group's files, and of its file cache in `stat`."""

    limit: str
    used: str
    cached: tuple[str, ...]


_FIRST = _Files(
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)
_SECOND = _Files(
    "memory.max", "memory.current", ("inactive_file", "active_file")
)


def free_memory() -> float:
    """Bytes of memory that could be taken, infinite where nothing tells."""
    free = [_meminfo(), *(_left(*each) for each in _groups())]
    return min((f for f in free if f is not None), default=math.inf)


def _meminfo():
    try:
        lines = (_ROOT / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["MemAvailable"].split()[0]) * 1024


def _groups() -> Iterator[tuple[pathlib.Path, _Files]]:
    """Yields this process's control groups of memory, and those around them.

    A container may see its own as the outermost, whatever its path is.
    """
    mounted = _ROOT / "sys/fs/cgroup"
    try:
        lines = (_ROOT / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = ["0::/", "1:memory:/"]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        inner = pathlib.PurePosixPath(path.lstrip("/"))
        if not controllers:
            yield from ((mounted / p, _SECOND) for p in (inner, *inner.parents))
        elif "memory" in controllers.split(","):
            first = mounted / "memory"
            yield from ((first / p, _FIRST) for p in (inner, *inner.parents))


def _left(group, files):
    """What a group leaves: its limit less what it uses beside cached files.

    Those are given back when memory is needed. None without a limit.
    """
    try:
        limit = int((group / files.limit).read_text())
        used = int((group / files.used).read_text())
    except (OSError, ValueError):  # no such file, or no limit ("max")
        return None
    if limit >= _UNLIMITED:
        return None
    return limit - max(0, used - _cached(group, files.cached))


def _cached(group, names):
    """Bytes of files that a group keeps in memory."""
    try:
        lines = (group / "memory.stat").read_text().splitlines()
        values = dict(line.split() for line in lines)
        return sum(int(values.get(name, 0)) for name in names)
    except (OSError, ValueError):
        return 0
