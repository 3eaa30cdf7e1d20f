"""A profile that cannot be taken: refused, or left out with a warning."""

import logging
import types

import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.runs import announcement
from simclrv2_tf.runs.callbacks import callback_list
from simclrv2_tf.runs.callbacks.profile_steps import ProfileSteps


def test_a_profile_needs_a_directory():
    run = types.SimpleNamespace(config=Config(profile_steps="2,3"))
    with pytest.raises(ValueError, match="into `model_dir`: give one"):
        callback_list._make_profiles(run, None)


def test_another_profile_goes_on(monkeypatch, tmp_path, caplog):
    def start(directory):
        raise tf.errors.AlreadyExistsError(None, None, "another")

    monkeypatch.setattr(tf.profiler.experimental, "start", start)
    callback = ProfileSteps(str(tmp_path), "2,3", None, None)
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        callback._start()
    callback._finish(3)  # nothing has begun
    assert "no profile: another one is being taken" in caplog.text


def test_a_run_that_is_over_has_no_profile(monkeypatch, caplog):
    for name in ("_notes", "_lines"):
        monkeypatch.setattr(announcement, name, lambda *_: [])
    monkeypatch.setattr(announcement, "too_dark", lambda _: None)
    monkeypatch.setattr(announcement, "_record_environment", lambda *_: None)
    run = types.SimpleNamespace(
        config=Config(profile_steps="2,3"),
        data=types.SimpleNamespace(source=None),
        trains=False,
        cut_from=None,
    )
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        announcement.announce(run)
    assert caplog.messages == ["no profile: no step is left to train"]
