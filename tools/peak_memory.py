"""The most memory that this program has held."""

import pathlib
import resource

_STATUS = pathlib.Path("/proc/self/status")


def peak_bytes():
    """Bytes that it has held at most, mapped files included.

    From Linux's account of this program: `getrusage`, which is asked elsewhere,
    begins with what the process held before it became this program.
    """
    if not _STATUS.exists():
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = _STATUS.read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM")]
    return 1024 * int(line.split()[1])
