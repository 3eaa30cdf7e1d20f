"""The live line: what else is printed stands above it."""

import contextlib
import io
import logging
import sys

import pytest
import tqdm
from terminals import Terminal

from simclrv2_tf.console.live_line import LiveLine


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)  # no thread
    monkeypatch.setenv("COLUMNS", "40")


@contextlib.contextmanager
def screened(errors=None):
    """A terminal as standard output and as error output, unless told."""
    screen = Terminal()
    with contextlib.redirect_stdout(screen):
        with contextlib.redirect_stderr(errors or screen):
            yield screen


def seen(screen):
    """The lines that a person sees in the end."""
    return [_over(*line.split("\r")) for line in screen.getvalue().split("\n")]


def _over(shown, *later):
    for text in later:
        shown = text + shown[len(text) :]
    return shown.rstrip()


def test_it_renews_itself_and_goes():
    with screened() as screen:
        with LiveLine() as line:
            assert line.there
            for step in (1, 2):
                line.show(f"step {step}")
                assert seen(screen) == [f"step {step}"]
        assert seen(screen) == [""] and not line.there


def test_what_is_printed_stands_above():
    with screened() as screen:
        with LiveLine() as line:
            line.show("step 1")
            print("evaluation", 0.5)
            assert seen(screen) == ["evaluation 0.5", "step 1"]
            print("half a line", end="")
        assert seen(screen) == ["evaluation 0.5", "half a line", ""]
        assert sys.stdout is screen


def test_so_does_what_is_logged():
    with screened() as screen:
        handler = logging.StreamHandler(screen)
        handler.setFormatter(logging.Formatter("LOG %(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            with LiveLine() as line:
                line.show("step 1")
                root.warning("health")
                assert seen(screen) == ["LOG health", "step 1"]
        finally:
            root.removeHandler(handler)
        assert handler.stream is screen


def test_an_error_finds_a_clean_line():
    with screened() as screen:
        with pytest.raises(ValueError), LiveLine() as line:
            line.show("step 1")
            raise ValueError
        print("simclrv2: error")
        assert seen(screen) == ["simclrv2: error", ""]


def test_it_is_as_wide_as_the_terminal():
    with screened() as screen:
        with LiveLine() as line:
            line.show("x" * 100)
            assert seen(screen) == ["x" * 39]


def test_a_log_has_none():
    log = io.StringIO()
    with screened(log) as screen:
        with LiveLine() as line:
            line.show("step 1")
            print("evaluation")
        assert log.getvalue() == "" and screen.getvalue() == "evaluation\n"


def test_it_may_be_unwanted():
    with screened() as screen:
        with LiveLine(wanted=False) as line:
            line.show("step 1")
        assert screen.getvalue() == "" and not line.there
