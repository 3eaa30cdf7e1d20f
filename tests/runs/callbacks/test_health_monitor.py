"""The health monitor: each warning once, until it ends."""

import logging
import types

import pytest
import tensorflow as tf

from simclrv2_tf.runs.callbacks.health_monitor import HealthMonitor

SOUND = {"uniformity": -2.0}


class Journal:
    def __init__(self):
        self.lines = []

    def note(self, event, **values):
        self.lines.append({"event": event, **values})


@pytest.fixture
def monitor():
    """A monitor whose probe answers what a test says."""
    monitor = HealthMonitor(
        every=1,
        last_step=100,
        probe=types.SimpleNamespace(),
        report=types.SimpleNamespace(last={}, printed=True),
        scalars=lambda step, values: None,
        journal=Journal(),
        settled=0,
    )
    nonfinite = types.SimpleNamespace(
        skipped=tf.Variable(0),
        norm=tf.Variable(1.0),
        largest=tf.Variable(1.0),
        restart=lambda: None,
    )
    monitor._model = types.SimpleNamespace(nonfinite=nonfinite)
    return monitor


def warned(monitor, caplog, step, **numbers):
    """Sentences that the log gets at a step."""
    monitor.probe.numbers = lambda stage: {**SOUND, **numbers}
    caplog.clear()
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        monitor.act_now(step, {})
    return [record.getMessage() for record in caplog.records]


def test_a_warning_whose_numbers_change_is_said_once(monitor, caplog):
    assert warned(monitor, caplog, 1) == []
    (first,) = warned(monitor, caplog, 2, uniformity=-0.05)
    assert "uniformity -0.05" in first
    assert warned(monitor, caplog, 3, uniformity=0.0) == []
    assert warned(monitor, caplog, 4) == []
    assert len(warned(monitor, caplog, 5, uniformity=0.0)) == 1


def test_the_journal_has_all_warnings_as_sentences(monitor, caplog):
    for step in (1, 2):
        warned(monitor, caplog, step, uniformity=0.0)
    assert len(monitor.journal.lines) == 2
    for line in monitor.journal.lines:
        assert len(line["warnings"]) == 1
        assert "all projections lie at one point" in line["warnings"][0]


def test_its_line_comes_with_a_printed_line_of_metrics(monitor, caplog):
    monitor.probe.numbers = lambda stage: SOUND
    with caplog.at_level(logging.INFO, "simclrv2_tf"):
        for step, monitor.report.printed in ((1, True), (2, False)):
            monitor.act_now(step, {})
    (line,) = [r.getMessage() for r in caplog.records]
    assert line.startswith("health  uniformity -2.00")
    assert len(monitor.journal.lines) == 2
