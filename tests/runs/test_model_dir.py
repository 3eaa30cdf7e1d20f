"""Whether a run may have a directory: several processes ask at once."""

import os
import socket

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.config import average_rules
from simclrv2_tf.files import atomic
from simclrv2_tf.runs import model_dir
from simclrv2_tf.stages import pretrain

DEAD = 2**22 + 1  # numbers of processes end at 2**22


@pytest.fixture
def probes(monkeypatch):
    """Names of what is written to try a directory, in their order."""
    written, write = [], atomic.write_text

    def note(path, text):
        written.append(os.path.basename(path))
        write(path, text)

    monkeypatch.setattr(atomic, "write_text", note)
    return written


def test_workers_of_one_number_try_a_directory_at_once(tmp_path, monkeypatch):
    """In containers each is process 1; what one removes is its own."""
    config, write = Config(model_dir=str(tmp_path)), atomic.write_text

    def write_then_another_tries(path, text):
        write(path, text)
        monkeypatch.setattr(atomic, "write_text", write)
        model_dir.check(config)

    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(atomic, "write_text", write_then_another_tries)
    model_dir.check(config)
    assert not list(tmp_path.iterdir())


def test_a_probe_is_named_by_host_and_process_and_once(tmp_path, probes):
    for _ in range(2):
        model_dir.check(Config(model_dir=str(tmp_path)))
    for name in probes:
        assert name.startswith(f".probe.{socket.gethostname()}.")
        assert name.endswith(f".{os.getpid()}")
    assert len(set(probes)) == 2


def test_probes_that_killed_processes_left_are_cleaned(
    tmp_path, monkeypatch, probes
):
    """Those of another host, which may go on, and of earlier versions too."""
    monkeypatch.setattr(os, "getpid", lambda: DEAD)
    model_dir.check(Config(model_dir=str(tmp_path)))
    monkeypatch.undo()
    (name,) = probes
    kept = name.replace(socket.gethostname(), "elsewhere")
    alive = name.replace(str(DEAD), str(os.getpid()))
    old = f".probe.{DEAD}"
    staged = [f"{name}.{DEAD}.tmp", f"{old}.{DEAD}.tmp"]
    for file in (name, kept, alive, old, f".probe.{os.getpid()}", *staged):
        (tmp_path / file).write_text("")
    model_dir.clean(str(tmp_path))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {kept, alive, f".probe.{os.getpid()}"}


def test_a_directory_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    below = str(tmp_path / "file" / "run")
    with pytest.raises(ValueError, match="`model_dir` .* cannot be written to"):
        model_dir.check(Config(model_dir=below))


def test_the_momentum_of_a_memory_is_the_stages():
    assert average_rules.MEMORY_MOMENTUM == pretrain.MEMORY_MOMENTUM


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        ({"memory_size": 64}, {"memory_momentum": 0.999}, False),
        ({"memory_size": 64, "memory_momentum": 0.999}, {}, False),
        ({"memory_size": 64, "memory_momentum": 0.5}, {}, False),
        ({}, {"memory_momentum": 0.0}, False),
        ({}, {"memory_momentum": 0.999}, True),
        ({"memory_momentum": 0.5}, {}, True),
    ],
)
def test_a_momentum_that_is_not_set_is_the_one_that_is_taken(
    before, now, refused, tmp_path
):
    """In a memory 0.999, else no average; which may neither come nor go."""
    options = {"model_dir": str(tmp_path), "train_mode": "pretrain"}
    model_dir.write_flags(Config(**options, **before))
    size = {"memory_size": before.get("memory_size", 0)}
    config = Config(**options, **{**size, **now})
    if refused:
        with pytest.raises(ValueError, match="run with memory_momentum="):
            model_dir.check(config)
        return
    model_dir.check(config)
    other = before.get("memory_momentum") == 0.5
    told = ["memory_momentum=None (was 0.5)"] if other else []
    assert model_dir.changed(config) == told
