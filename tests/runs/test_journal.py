"""The log of a run: lines that are added, and lines that were cut off."""

import json
import logging
import time
from concurrent import futures

from simclrv2_tf.runs import journal


def test_lines_come_back_in_order(tmp_path):
    log = journal.Journal(tmp_path)
    log.note("train", step=1, metrics={"loss": 0.5})
    log.note("train", step=2, metrics={"loss": float("nan")})
    events = journal.read(tmp_path)
    assert [event["step"] for event in events] == [1, 2]
    assert events[0]["metrics"] == {"loss": 0.5}
    assert events[1]["metrics"] == {"loss": "nan"}
    for line in (tmp_path / journal.NAME).read_text().splitlines():
        json.loads(line)  # strict JSON, one object a line


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path):
    log = journal.Journal(tmp_path)
    log.note("start", step=0)
    path = tmp_path / journal.NAME
    with path.open("ab") as file:
        file.write(b'{"event": "train", "st')
    log.note("start", step=7)
    assert [event["step"] for event in journal.read(tmp_path)] == [0, 7]


def test_what_is_no_event_is_passed_over(tmp_path):
    (tmp_path / journal.NAME).write_bytes(
        b'[1]\n"x"\n{}\n{"event": 3}\n\xff\xfe\n{"event": "a"}\n' + b"[" * 10**6
    )
    assert journal.read(tmp_path, whole=True) == [{"event": "a"}]


def test_only_the_last_part_of_a_long_log_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_TAIL_BYTES", 1000)
    log = journal.Journal(tmp_path)
    for step in range(100):
        log.note("train", step=step)
    steps = [event["step"] for event in journal.read(tmp_path)]
    assert 0 < len(steps) < 20
    assert steps[-1] == 99
    assert len(journal.read(tmp_path, whole=True)) == 100


def test_a_log_that_cannot_be_written_is_reported_once(tmp_path, caplog):
    (tmp_path / journal.NAME).mkdir()
    log = journal.Journal(tmp_path)
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        log.note("start")
        log.note("start")
    assert len(caplog.records) == 1
    assert "cannot be written" in caplog.text


def test_no_log_is_no_events(tmp_path):
    assert journal.read(tmp_path / "none") == []
    journal.Journal(None).note("start")


def test_threads_add_their_lines_one_after_the_other(monkeypatch):
    """A bucket has no appending: a file is read, and written whole."""
    held = {}

    def rewrite(path, text):
        before = held.get(path, [])
        time.sleep(0.001)
        held[path] = [*before, text]

    monkeypatch.setattr(journal, "_append", rewrite)
    log = journal.Journal("gs://bucket/run")
    with futures.ThreadPoolExecutor(8) as threads:
        for step in range(40):
            threads.submit(log.note, "checkpoint", step=step)
    (lines,) = held.values()
    assert sorted(json.loads(line)["step"] for line in lines) == [*range(40)]
