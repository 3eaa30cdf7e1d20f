"""Python's `time_limit` also ends what does not train."""

import dataclasses
import signal

import pytest

import simclrv2_tf
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.interruption import Preempted
from simclrv2_tf.session import dispatch


@pytest.fixture
def seconds_left(monkeypatch):
    """What the process's timer shows where a call does its work."""
    timers = []

    def work(*_):
        timers.append(signal.getitimer(signal.ITIMER_REAL)[0])
        return {"embeddings": "x", "predictions": "x"}

    monkeypatch.setattr(dispatch, "_with_data", work)
    monkeypatch.setattr(dispatch, "with_run_of_job", lambda config: config)
    return timers


@pytest.mark.parametrize("mode", ["eval", "predict", "probe", "recommend"])
def test_the_limit_is_kept_to(mode, seconds_left, tmp_path):
    config = Config(mode=mode, model_dir=str(tmp_path), time_limit="00:30")
    session.run(config)
    assert 1000 < seconds_left[-1] < 30 * 60
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0


def test_without_one_and_in_training_nothing_is_installed(
    seconds_left, tmp_path
):
    config = Config(mode="eval", model_dir=str(tmp_path))
    session.run(config)
    limited = dataclasses.replace(config, time_limit="00:30")
    session.run(dataclasses.replace(limited, mode="train"))
    session.run(limited, interruption=Interruption())  # has one of its own
    assert seconds_left == [0.0] * 3


def test_the_time_that_is_over_ends_the_call(monkeypatch, tmp_path):
    def work(*_):
        signal.raise_signal(signal.SIGALRM)

    monkeypatch.setattr(dispatch, "_with_data", work)
    with pytest.raises(Preempted):
        simclrv2_tf.evaluate("digits", tmp_path, time_limit="00:30")
