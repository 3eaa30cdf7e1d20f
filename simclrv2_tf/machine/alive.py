"""Whether a process of this machine runs."""

import os


def runs(pid: int | None) -> bool:
    """Whether a process of this number runs on this machine."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
