"""How much memory this machine, or the container, has left."""

from __future__ import annotations

import math
import pathlib


def free_memory() -> float:
    """Bytes of memory that could be taken, infinite where nothing tells."""
    free = [_meminfo(), _control_group()]
    return min((f for f in free if f is not None), default=math.inf)


def _meminfo():
    try:
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["MemAvailable"].split()[0]) * 1024


def _control_group():
    """What a container leaves: its limit less what it holds."""
    group = pathlib.Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        return limit - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or no limit ("max")
        return None
