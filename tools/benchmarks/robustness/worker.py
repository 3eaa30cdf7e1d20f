"""One process that reads damaged files and tells what comes of it.

`python -m tools.benchmarks.robustness.worker READER FIRST COUNT SEED` prints
lines of JSON.
"""

import json
import logging
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile

from tools.benchmarks.robustness import mutations
from tools.benchmarks.robustness import readers

MEMORY_BYTES = 6 * 2**30  # above what the process takes when it is ready
SECONDS = 60  # for one file, on a busy machine


def attack(name, first, count, seed, tell):
    """Reads so many damaged files.

    Args:
      name: Of a reader.
      first: Number of the first input.
      count: How many.
      seed: Of them all.
      tell: Function that is given dictionaries: {"kind": "at"} before an
        input, "read", "refused" or a finding after it, "done" at the end.
    """
    logging.disable(logging.CRITICAL)
    reader = readers.READERS[name]
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=place) as directory:
        paths = reader.seeds(directory)
        whole = {path: pathlib.Path(path).read_bytes() for path in paths}
        for path in paths:
            reader.read(path)  # whole files are read
        _bound_memory()
        for number in range(first, first + count):
            path = paths[number % len(paths)]
            data = mutations.mutated(
                whole[path], list(whole.values()), f"{name}/{number}/{seed}"
            )
            pathlib.Path(path).write_bytes(data)
            tell({"kind": "at", "number": number})
            tell(_outcome(reader, path, number))
            _restore(directory, whole)
        tell({"kind": "done"})


def _outcome(reader, path, number):
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        reader.read(path)
    except BaseException as error:
        kind = type(error).__name__
        names = {c.__name__ for c in type(error).__mro__}
        if names & set(reader.errors) and kind != "UnicodeDecodeError":
            return {"kind": "refused", "count": 1}
        return {"kind": f"{kind}: {str(error)[:200]}", "number": number}
    finally:
        signal.alarm(0)
    return {"kind": "read", "count": 1}


def _too_long(number, frame):
    raise TimeoutError(f"more than {SECONDS} s")


def _restore(directory, whole):
    """Whole files again, and nothing that a reader has written."""
    for path, data in whole.items():
        pathlib.Path(path).write_bytes(data)
    for path in pathlib.Path(directory).glob(".writing-*"):
        shutil.rmtree(path)


def _bound_memory():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    reader, *numbers = sys.argv[1:5]
    first, count, seed = map(int, numbers)

    def tell(message):
        print(json.dumps(message), flush=True)

    attack(reader, first, count, seed, tell)
