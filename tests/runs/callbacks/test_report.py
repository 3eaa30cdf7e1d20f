"""The lines of metrics: when they come, and what they leave alone."""

import io
import types

import pytest
import tensorflow as tf

from simclrv2_tf.runs.callbacks import report as reports
from simclrv2_tf.runs.callbacks.report import EarlyLine
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

    def train(seconds, steps, every, compile_seconds=0.0):
        clock = [0.0]
        monkeypatch.setattr(reports.time, "monotonic", lambda: clock[0])
        notes, stream = [], io.StringIO()
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
        for step in range(steps):
            clock[0] += seconds + (compile_seconds if step == 0 else 0)
            report.on_train_batch_end(step, {"train/loss": 1.0})
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


def test_an_early_line_is_due_once():
    early = EarlyLine(30)
    assert not early.is_due(100)  # nothing has begun
    early.begin(0)
    assert [early.is_due(20 * n) for n in (1, 2, 3, 4)] == [
        False,
        True,
        False,
        False,
    ]
