"""Free memory is the least of what the system and containers leave."""

import math

import pytest

from simclrv2_tf.machine import free_memory

SYSTEM = "MemTotal:  9 kB\nMemAvailable:    4 kB\n"
MOUNTED = "sys/fs/cgroup"
FIRST = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
SECOND = ("memory.max", "memory.current", "")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(free_memory, "_ROOT", tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def limit(group, most, used, cached=0, names=SECOND):
    """Files of a control group."""
    write(group / names[0], f"{most}\n")
    write(group / names[1], f"{used}\n")
    stat = f"anon 9\n{names[2]}inactive_file {cached}\n"
    write(group / "memory.stat", f"{stat}{names[2]}active_file {cached}\n")


@pytest.mark.parametrize(
    ("system", "most", "used", "expected"),
    [
        (SYSTEM, None, None, 4096),
        (SYSTEM, "max", "7", 4096),
        (SYSTEM, "3000", "1000", 2000),
        (SYSTEM, "9000", "1000", 4096),
        (None, "3000", "1000", 2000),
        (None, None, None, math.inf),
    ],
)
def test_the_least_of_both(root, system, most, used, expected):
    if system:
        write(root / "proc/meminfo", system)
    if most:
        limit(root / MOUNTED, most, used)
    assert free_memory.free_memory() == expected


def test_cached_files_are_given_back(root):
    limit(root / MOUNTED, 9000, 8000, cached=2500)
    assert free_memory.free_memory() == 6000
    limit(root / MOUNTED, 9000, 8000, cached=5000)  # as of another moment
    assert free_memory.free_memory() == 9000
    (root / MOUNTED / "memory.stat").unlink()
    assert free_memory.free_memory() == 1000


def test_the_groups_around_count_too(root):
    write(root / "proc/self/cgroup", "0::/slice/job/step\n")
    limit(root / MOUNTED / "slice", 9000, 4000)
    limit(root / MOUNTED / "slice/job", "max", 4000)
    assert free_memory.free_memory() == 5000
    limit(root / MOUNTED / "slice/job/step", 4500, 1000)
    assert free_memory.free_memory() == 3500
    limit(root / MOUNTED / "slice/other", 10, 10)
    assert free_memory.free_memory() == 3500


def test_control_groups_of_version_1(root):
    lines = "5:cpu,cpuacct:/a\n4:hugetlb,memory:/a/b\n0::/a\n"
    write(root / "proc/self/cgroup", lines)
    memory = root / MOUNTED / "memory"
    limit(memory, 2**63 - 4096, 10**9, names=FIRST)
    assert free_memory.free_memory() == math.inf  # that is none
    limit(memory / "a/b", 9000, 8000, cached=1000, names=FIRST)
    assert free_memory.free_memory() == 3000
    limit(memory / "a", 6000, 4500, names=FIRST)
    assert free_memory.free_memory() == 1500


def test_a_group_that_is_seen_under_another_path(root):
    """A container without a namespace of its own mounts itself as the root."""
    write(root / "proc/self/cgroup", "0::/docker/0123\n")
    limit(root / MOUNTED, 3000, 1000)
    assert free_memory.free_memory() == 2000
