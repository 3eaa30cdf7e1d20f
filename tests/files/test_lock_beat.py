"""A beat of the lock that cannot be written is told, and the next one comes."""

import json
import threading

from simclrv2_tf.files import lock as locks
from simclrv2_tf.files.lock import Lock

BEAT = 0.02
FAILING = 2  # beats, the first ones


def test_the_lock_beats_on_after_beats_that_failed(
    tmp_path, monkeypatch, caplog
):
    write, renewed, failed = Lock._write, threading.Event(), []

    def unsteady(lock, beat):
        if 0 < beat <= FAILING:
            failed.append(beat)
            raise OSError("the disk is full")
        write(lock, beat)
        if beat > FAILING:
            renewed.set()

    monkeypatch.setattr(Lock, "_write", unsteady)
    with Lock(str(tmp_path), BEAT) as lock:
        assert renewed.wait(30)
        noted = json.loads((tmp_path / locks.NAME).read_text())
        assert noted["beat"] > FAILING
        lock.check()  # it is ours still
    assert failed == [1, 2]
    words = "the lock cannot be renewed: the disk is full"
    assert caplog.messages.count(words) == FAILING
