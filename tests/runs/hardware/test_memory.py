"""Memory in use is told of the place whose memory is foreseen."""

import types

import pytest
import tensorflow as tf

from simclrv2_tf.runs.hardware import memory

MIB = 2**20


@pytest.fixture
def accelerators(monkeypatch):
    """Two GPUs, of which the second holds more."""
    sizes = {
        "GPU:0": {"current": 10 * MIB, "peak": 30 * MIB},
        "GPU:1": {"current": 20 * MIB, "peak": 25 * MIB},
    }
    devices = [types.SimpleNamespace(name=name) for name in sizes]
    for name in ("list_logical_devices", "list_physical_devices"):
        monkeypatch.setattr(
            tf.config, name, lambda kind: devices if kind == "GPU" else []
        )
    monkeypatch.setattr(
        tf.config.experimental, "get_memory_info", sizes.__getitem__
    )


def test_accelerators_hold_the_network_and_not_the_host(accelerators):
    assert memory.memory_in_use() == 20 * MIB
    assert memory.highest() == 30 * MIB


def test_without_accelerators_it_is_the_process():
    before = memory.memory_in_use()
    block = bytearray(64 * MIB)
    now = memory.memory_in_use()  # the two are counted by other means
    assert now - before > 40 * MIB
    assert memory.highest() > 0.9 * now > len(block)


def test_it_grows_by_what_is_taken():
    before = memory.memory_in_use()
    block = bytearray(256 * MIB)
    grown = memory.memory_in_use() - before
    del block
    assert 200 * MIB < grown < 300 * MIB


@pytest.fixture
def unasked():
    """As in a process that has not asked what it held before runs."""
    memory.before_runs.cache_clear()
    yield
    memory.before_runs.cache_clear()


def test_what_was_held_before_runs_stays_what_it_was(unasked, monkeypatch):
    now = 100 * MIB
    monkeypatch.setattr(memory, "_resident", lambda: now)
    assert memory.before_runs() == 100 * MIB
    now = 160 * MIB
    assert memory.before_runs() == 100 * MIB
    assert memory.memory_in_use() == 160 * MIB


def test_a_new_job_has_a_peak_of_its_own(monkeypatch):
    """The system's is that of the process's life."""
    monkeypatch.setattr(memory, "_BEFORE", {"host": 0})
    peak, now = 100 * MIB, 60 * MIB
    monkeypatch.setattr(memory, "_highest", lambda: peak)
    monkeypatch.setattr(memory, "_resident", lambda: now)
    assert memory.highest() == 100 * MIB
    memory.begin()
    assert memory.highest() == 60 * MIB
    peak = 120 * MIB
    assert memory.highest() == 120 * MIB


def test_accelerators_begin_anew(accelerators, monkeypatch):
    anew = []
    monkeypatch.setattr(memory, "_BEFORE", {"host": 0})
    monkeypatch.setattr(
        tf.config.experimental, "reset_memory_stats", anew.append
    )
    memory.begin()
    assert anew == ["GPU:0", "GPU:1"]
    assert memory.highest() == 30 * MIB
