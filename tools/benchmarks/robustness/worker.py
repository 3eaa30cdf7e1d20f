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


def main(name, first, count, seed):
    logging.disable(logging.CRITICAL)
    reader = readers.READERS[name]
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=place) as directory:
        answers, said = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        os.dup2(said, 1)  # what readers print is nobody's concern
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
            _tell(answers, kind="at", number=number)
            _try(reader, path, number, answers)
            _restore(directory, whole)
        _tell(answers, kind="done")


def _try(reader, path, number, answers):
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        reader.read(path)
    except BaseException as error:
        kind = type(error).__name__
        names = {c.__name__ for c in type(error).__mro__}
        if names & set(reader.errors) and kind != "UnicodeDecodeError":
            _tell(answers, kind="refused", count=1)
        else:
            words = f"{kind}: {str(error)[:200]}"
            _tell(answers, kind=words, number=number)
        return
    finally:
        signal.alarm(0)
    _tell(answers, kind="read", count=1)


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


def _tell(descriptor, **values):
    os.write(descriptor, json.dumps(values).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
