"""oneDNN is asked for in time, and where it is known; a user's word stays."""

import platform
import sys

import pytest

from simclrv2_tf.machine import onednn


@pytest.fixture
def before_tensorflow(monkeypatch):
    """As if TensorFlow were not loaded, on a processor of the x86 kind."""
    monkeypatch.setenv(onednn.SETTING, "")  # so that it is put back
    monkeypatch.delenv(onednn.SETTING)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return monkeypatch


def setting():
    onednn.use()
    return onednn.os.environ.get(onednn.SETTING)


def test_it_is_asked_for_before_tensorflow_is_loaded(before_tensorflow):
    assert setting() == "1"


def test_what_a_user_says_stays(before_tensorflow):
    before_tensorflow.setenv(onednn.SETTING, "0")
    assert setting() == "0"


def test_other_processors_are_left_alone(before_tensorflow):
    before_tensorflow.setattr(platform, "machine", lambda: "aarch64")
    assert setting() is None


def test_it_is_too_late_once_tensorflow_is_loaded(before_tensorflow):
    before_tensorflow.setitem(sys.modules, "tensorflow", sys)
    assert setting() is None
