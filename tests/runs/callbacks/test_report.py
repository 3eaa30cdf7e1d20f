"""The lines of metrics: when they come, and what they leave alone."""

import io
import types

import pytest
import tensorflow as tf
from terminals import Terminal

from simclrv2_tf.runs.callbacks import report as reports
from simclrv2_tf.runs.callbacks.data_wait import DataWait
from simclrv2_tf.runs.callbacks.report import Report


class Model:
    """What a report needs of a stage."""

    def __init__(self):
        self.optimizer = types.SimpleNamespace(iterations=tf.Variable(0))
        self.nonfinite = types.SimpleNamespace(skipped=tf.Variable(0))
        self.resets = 0

    def reset_metrics(self):
        self.resets += 1


@pytest.fixture
def trained(monkeypatch):
    """Trains so many steps of so many seconds; returns steps with a line."""

    def train(
        seconds, steps, every, compile_seconds=0.0, stream=None, until=None
    ):
        clock = [0.0]
        monkeypatch.setattr(reports.time, "monotonic", lambda: clock[0])
        notes, stream = [], stream or io.StringIO()
        report = Report(
            every,
            steps,
            batch_size=4,
            learning_rate=lambda step: 0.1,
            scalars=lambda step, values: notes.append(step),
            journal=types.SimpleNamespace(note=lambda *_, **__: None),
            stream=stream,
        )
        report._model = Model()
        report.on_train_begin()
        for step in range(until or steps):
            clock[0] += seconds + (compile_seconds if step == 0 else 0)
            report.on_train_batch_end(step, {"train/loss": 1.0})
        report.on_train_end()
        lines = stream.getvalue().splitlines()
        printed = [int(line.split("/")[0].split()[1]) for line in lines]
        assert report._model.resets == len(notes)
        return printed, notes

    return train


def test_the_first_line_comes_within_30_seconds_of_the_first_step(trained):
    printed, written = trained(seconds=4, steps=100, every=1000)
    assert printed == [8, 100]  # 28 seconds after the first; 32 were too late
    assert written == [100]  # an early line leaves means and files alone


def test_a_line_that_comes_in_time_has_none_before_it(trained):
    printed, written = trained(seconds=4, steps=12, every=5)
    assert printed == written == [5, 10, 12]


@pytest.mark.parametrize("times", [(40, 0), (1, 45)])
def test_the_first_step_has_a_line_where_the_next_may_be_late(trained, times):
    seconds, compiling = times
    printed, _ = trained(seconds, 3, 1000, compiling)
    assert printed == [1, 3]


def test_a_short_run_has_no_early_line(trained):
    assert trained(seconds=1, steps=20, every=1000)[0] == [20]


def test_a_log_gets_a_line_in_ten_seconds_and_the_last(trained):
    printed, written = trained(seconds=1, steps=25, every=2)
    assert printed == [2, 12, 22, 25]
    assert written == [*range(2, 25, 2), 25]  # files have all of them


def test_a_log_gets_the_first_line_soon_after_an_early_one(trained):
    printed, _ = trained(seconds=4, steps=20, every=9)
    assert printed == [8, 9, 18, 20]


def test_a_log_gets_the_last_line_of_what_ended_early(trained):
    printed, written = trained(seconds=1, steps=100, every=2, until=7)
    assert printed == [2, 6] and written == [2, 4, 6]


def test_the_wait_for_the_first_batch_is_none_of_the_first_line(monkeypatch):
    """The first step, which compiles, is no part of the time either."""
    now, wait = [0.0], DataWait()
    monkeypatch.setattr(reports.time, "monotonic", lambda: now[0])
    noted = []
    report = Report(
        every=5,
        last_step=10,
        batch_size=8,
        learning_rate=lambda step: 0.1,
        scalars=lambda step, values: noted.append(values),
        journal=types.SimpleNamespace(note=lambda *_, **__: None),
        wait=wait,
        stream=io.StringIO(),
    )
    report._model = Model()
    report.on_train_begin()
    for step in range(10):
        now[0] += 60.0 if step == 0 else 1.0
        wait.total += 50.0 if step == 0 else 0.25
        report.on_train_batch_end(step, {"train/loss": 1.0})
    shares = [values["data_wait_share"] for values in noted]
    assert shares == pytest.approx([0.25, 0.25])


def test_a_line_at_the_first_step_leaves_its_wait_behind(monkeypatch):
    now, wait = [0.0], DataWait()
    monkeypatch.setattr(reports.time, "monotonic", lambda: now[0])
    noted = []
    report = Report(
        every=1,
        last_step=2,
        batch_size=8,
        learning_rate=lambda step: 0.1,
        scalars=lambda step, values: noted.append(values),
        journal=types.SimpleNamespace(note=lambda *_, **__: None),
        wait=wait,
        stream=io.StringIO(),
    )
    report._model = Model()
    report.on_train_begin()
    for step in range(2):
        now[0] += 1.0
        wait.total += 50.0 if step == 0 else 0.5
        report.on_train_batch_end(step, {"train/loss": 1.0})
    assert "data_wait_share" not in noted[0]
    assert noted[1]["data_wait_share"] == pytest.approx(0.5)


def test_memory_is_told_in_gb(trained, monkeypatch):
    monkeypatch.setattr(reports, "memory_in_use", lambda: 1.54e9)
    stream = io.StringIO()
    trained(1, 2, 1, stream=stream)
    assert stream.getvalue().endswith("  1.5 GB\n")


def test_a_terminal_gets_every_line(trained):
    printed, written = trained(1, 9, 2, stream=Terminal())
    assert printed == written == [2, 4, 6, 8, 9]


def test_a_live_line_tells_the_steps_between(monkeypatch):
    now, shown = [0.0], []
    monkeypatch.setattr(reports.time, "monotonic", lambda: now[0])
    report = Report(
        every=4,
        last_step=100,
        batch_size=8,
        learning_rate=lambda step: 0.1,
        scalars=lambda step, values: None,
        journal=types.SimpleNamespace(note=lambda *_, **__: None),
        live=types.SimpleNamespace(there=True, show=shown.append),
        stream=Terminal(),
    )
    report._model = Model()
    report.on_train_begin()
    logs = {"train/contrast_acc": 0.5, "train/total_loss": 2.25}
    logs |= {"train/weight_decay": 1.0}
    for step in range(7):
        now[0] += 0.5
        report.on_train_batch_end(step, logs)
    brief = "contrast_acc 0.5  total_loss 2.25"
    assert shown == [
        f"step 1/100  {brief}",
        f"step 3/100  {brief}  16 images/s  0:00:48 left",
        "",  # step 4 has a lasting line
        f"step 6/100  {brief}  16 images/s  0:00:47 left",
    ]
    assert report.stream.getvalue().startswith("step 4/100  contrast_acc")
    assert report._model.resets == 1
