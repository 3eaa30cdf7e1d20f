"""Commands start quietly; errors and a user's wishes pass."""

import gc
import logging
import os
import pathlib
import re

import pytest
from processes import run_python

import simclrv2_tf
from simclrv2_tf.console import quiet_start

ROOT = pathlib.Path(__file__).resolve().parents[2]
START = """
from simclrv2_tf.console import quiet_start
quiet_start.set_up_logging({verbosity})
quiet_start.load_tensorflow()
import logging, os, sys
print("matplotlib.pyplot" in sys.modules)
import matplotlib.pyplot
logging.getLogger("tensorflow").warning("retracing")
print("at the end", file=sys.stderr)
"""


def outputs(code, **environment):
    """What Python code writes to its outputs."""
    done = run_python("-c", code, **environment)
    return done.stdout, done.stderr


@pytest.mark.slow
def test_tensorflow_is_loaded_quietly():
    assert outputs(START.format(verbosity=0)) == ("False\n", "at the end\n")


@pytest.mark.slow
def test_it_is_loaded_quietly_for_python():
    """As a notebook has it: TensorFlow would log to the output there."""
    code = """
import sys
sys.ps1 = ">>> "
import simclrv2_tf
simclrv2_tf.quiet_tensorflow()
import logging, tensorflow
tensorflow.get_logger().info("written")
logging.getLogger("simclrv2_tf").warning("ours")
"""
    assert outputs(code) == ("", "ours\n")


def test_what_callers_made_is_collected_as_ever():
    """A command may be called within a process that has loaded TensorFlow."""
    import tensorflow  # noqa: F401

    passed_over = gc.get_freeze_count()
    quiet_start.load_tensorflow()
    assert gc.get_freeze_count() == passed_over
    assert gc.isenabled()


@pytest.mark.parametrize("set_before", [None, "0"])
def test_a_log_level_that_is_set_stays(set_before, monkeypatch):
    monkeypatch.setattr(quiet_start, "_load", lambda: None)
    chatter = [logging.getLogger(name) for name in quiet_start._CHATTER]
    for logger in chatter:
        monkeypatch.setattr(logger, "level", logging.INFO)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "unset")
    if set_before is None:
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    else:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", set_before)
    simclrv2_tf.quiet_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == (set_before or "2")
    assert {logger.level for logger in chatter} == {logging.ERROR}


ASKED_FOR = [(1, {}), (0, {"TF_CPP_MIN_LOG_LEVEL": "0"})]


@pytest.mark.parametrize("verbosity, environment", ASKED_FOR)
def test_notices_pass_if_asked_for(verbosity, environment):
    code = f"""
import logging, os
from simclrv2_tf.console import quiet_start
quiet_start.set_up_logging({verbosity})
with quiet_start._without_notices():
    os.write(2, b"I0000 00:00:1.5   9971 port.cc:153] oneDNN\\n")
logging.getLogger("tensorflow").warning("retracing")
"""
    _, errors = outputs(code, **environment)
    assert errors.startswith("I0000 00:00:1.5   9971 port.cc:153] oneDNN\n")
    assert ("retracing" in errors) == (verbosity > 0)


@pytest.mark.slow
@pytest.mark.parametrize("verbosity, environment", ASKED_FOR)
def test_it_is_heard_if_asked_for(verbosity, environment):
    _, errors = outputs(START.format(verbosity=verbosity), **environment)
    assert re.search(r"^I0000 ", errors, re.MULTILINE)
    assert ("retracing" in errors) == (verbosity > 0)


def test_the_last_words_of_a_crash_are_told():
    code = """
import os
from simclrv2_tf.console import quiet_start
quiet_start.set_up_logging()
with quiet_start._without_notices():
    os.write(2, b"I0000 00:00:1.5   9971 port.cc:153] oneDNN\\n")
    os.write(2, b"F0000 00:00:1.5   9971 guard.cc:36] no AVX\\n")
    os.abort()
"""
    _, errors = outputs(code)
    assert errors == "F0000 00:00:1.5   9971 guard.cc:36] no AVX\n"


@pytest.mark.parametrize(
    "verbosity, heard",
    [
        (-1, ["ours: warning", "theirs: error"]),
        (0, ["ours: info", "ours: warning", "theirs: error"]),
    ],
)
def test_what_is_logged(verbosity, heard, monkeypatch, capsys):
    root, ours = logging.getLogger(), logging.getLogger("simclrv2_tf")
    monkeypatch.setattr(root, "handlers", [])
    for logger in (root, ours):
        monkeypatch.setattr(logger, "level", logger.level)
    quiet_start.set_up_logging(verbosity)
    theirs = logging.getLogger("tensorflow")
    ours.info("ours: info")
    ours.warning("ours: warning")
    theirs.warning("theirs: warning")
    theirs.error("theirs: error")
    assert capsys.readouterr().err.splitlines() == heard
