"""Free memory is the least of what the system and a container leave."""

import math
import pathlib

import pytest

from simclrv2_tf.machine.free_memory import free_memory

SYSTEM = "MemTotal:  9 kB\nMemAvailable:    4 kB\n"


@pytest.mark.parametrize(
    ("system", "limit", "held", "expected"),
    [
        (SYSTEM, None, None, 4096),
        (SYSTEM, "max", "7", 4096),
        (SYSTEM, "3000", "1000", 2000),
        (SYSTEM, "9000", "1000", 4096),
        (None, "3000", "1000", 2000),
        (None, None, None, math.inf),
    ],
)
def test_the_least_of_both(monkeypatch, system, limit, held, expected):
    texts = {"meminfo": system, "memory.max": limit, "memory.current": held}

    def read_text(path):
        if texts[path.name] is None:
            raise FileNotFoundError(path)
        return texts[path.name]

    monkeypatch.setattr(pathlib.Path, "read_text", read_text)
    assert free_memory() == expected
