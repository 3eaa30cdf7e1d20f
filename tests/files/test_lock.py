"""The lock of a run's directory: held, stale, and another machine's."""

import json
import os
import signal
import threading
import time

import processes
import pytest

from simclrv2_tf.files import lock as locks
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.lock import TakenOver

BEAT = 0.05


def elsewhere(path, beat=1):
    owner = {"host": "elsewhere", "pid": 7, "since": "then", "beat": beat}
    (path / locks.NAME).write_text(json.dumps(owner))


def test_the_second_is_refused_with_host_and_process(tmp_path):
    with Lock(str(tmp_path)):
        words = f"in use by process {os.getpid()} on {os.uname().nodename}"
        with pytest.raises(ValueError, match=words), Lock(str(tmp_path)):
            pass
    assert not (tmp_path / locks.NAME).exists()
    with Lock(str(tmp_path)):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    child = processes.holding(lambda: Lock(str(tmp_path)))
    with pytest.raises(ValueError, match=f"process {child} on"):
        Lock(str(tmp_path)).__enter__()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert locks.read(str(tmp_path / locks.NAME))["pid"] == child
    start = time.monotonic()
    with Lock(str(tmp_path)):
        assert locks.read(str(tmp_path / locks.NAME))["pid"] == os.getpid()
    assert time.monotonic() - start < locks.BEAT_SECONDS


def test_another_machine_that_is_silent_is_dead(tmp_path, caplog):
    elsewhere(tmp_path)
    with Lock(str(tmp_path), BEAT):
        pass
    assert "process 7 on elsewhere" in caplog.text
    assert "stale" in caplog.text


def test_another_machine_that_beats_is_alive(tmp_path):
    elsewhere(tmp_path)
    stop = threading.Event()

    def live():
        beat = 1
        while not stop.wait(BEAT / 2):
            beat += 1
            elsewhere(tmp_path, beat)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        with pytest.raises(ValueError, match="in use by process 7 on else"):
            Lock(str(tmp_path), BEAT * 20).__enter__()
    finally:
        stop.set()
        thread.join()


def test_an_empty_file_is_no_sign_of_death(tmp_path):
    """Another machine may be writing it."""
    elsewhere(tmp_path)
    lock = Lock(str(tmp_path), BEAT * 20)
    thread = threading.Timer(BEAT * 6, elsewhere, (tmp_path, 2))
    thread.start()
    emptied = threading.Timer(BEAT, (tmp_path / locks.NAME).write_text, ("",))
    emptied.start()
    with pytest.raises(ValueError, match="in use by process 7 on else"):
        lock.__enter__()
    thread.join()


def test_a_lock_that_is_taken_over_is_noticed(tmp_path):
    with Lock(str(tmp_path), BEAT) as lock:
        lock.check()
        elsewhere(tmp_path)
        for _ in range(200):
            if lock.lost:
                break
            time.sleep(BEAT)
        with pytest.raises(TakenOver, match="taken over by another process"):
            lock.check()
        with pytest.raises(TakenOver, match="and writes nothing more"):
            locks.check_owner(lock)
    assert (tmp_path / locks.NAME).exists()  # it is the other's


def test_a_worker_without_a_lock_has_none_to_lose():
    locks.check_owner(None)


def test_a_holder_gives_signs_of_life(tmp_path):
    with Lock(str(tmp_path), BEAT):
        for _ in range(200):
            beat = locks.read(str(tmp_path / locks.NAME)).get("beat", 0)
            if beat > 1:
                break
            time.sleep(BEAT)
    assert beat > 1


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"host": 3}'])
def test_a_strange_lock_file_of_nobody_is_taken(tmp_path, text):
    (tmp_path / locks.NAME).write_text(text)
    with Lock(str(tmp_path), BEAT):
        assert locks.read(str(tmp_path / locks.NAME))["pid"] == os.getpid()
