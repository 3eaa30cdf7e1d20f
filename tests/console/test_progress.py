"""How far long work has come, in a terminal and in a log."""

import io
import os
import re
import subprocess
import sys

import pytest
import tqdm
from documentation import ROOT
from terminals import Terminal

from simclrv2_tf.console import progress


@pytest.fixture
def clock(monkeypatch):
    """A list whose only entry is the time, in seconds."""
    now = [1000.0]
    monkeypatch.setattr(tqdm.std, "time", lambda: now[0])
    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)  # no thread
    return now


def test_a_log_gets_lines(clock):
    file = io.StringIO()
    with progress.progress("prepared", 1000, initial=200, file=file) as bar:
        clock[0] += 4
        bar.update(100)
        assert re.fullmatch(
            r"prepared:  30% 300/1000 \[00:04<00:2[78], 25.00 images/s\]\n",
            file.getvalue(),
        )
        bar.update(1)  # too early for another line
        assert file.getvalue().count("\n") == 1
        clock[0] += 4
        bar.update(699)
    lines = file.getvalue().splitlines()
    assert re.match(r"prepared: 100% 1000/1000 \[00:08", lines[-1])
    assert "\r" not in file.getvalue() and "" not in lines


def test_a_terminal_gets_one_bar(clock):
    file = Terminal()
    with progress.progress("prepared", 10, file=file) as bar:
        for _ in range(10):
            clock[0] += 3
            bar.update()
    assert file.getvalue().count("\n") == 1
    assert file.getvalue().count("\rprepared:") >= 10


def test_short_work_is_silent(clock):
    file = io.StringIO()
    with progress.progress("prepared", 10, file=file) as bar:
        clock[0] += 1
        bar.update(10)
    assert file.getvalue() == ""


def test_a_size_may_be_unknown(clock):
    file = io.StringIO()
    options = {"unit": "B", "unit_scale": True}
    with progress.progress("x.data", None, file=file, **options) as bar:
        clock[0] += 5
        bar.update(2_000_000)
    assert file.getvalue().startswith("x.data: 2.00MB [00:05, 400kB/s]\n")


def test_it_can_be_turned_off(clock):
    file = io.StringIO()
    with progress.progress("x", 10, file=file, disable=True) as bar:
        clock[0] += 5
        bar.update(10)
    assert file.getvalue() == ""


def test_none_where_none_is_wanted(clock):
    file = io.StringIO()
    with progress.progress("prepared", 10, file=file, shown=False) as bar:
        clock[0] += 9
        bar.update(5)
    assert file.getvalue() == ""


@pytest.mark.parametrize("wanted", ["1", None])
def test_the_environment_may_want_none(wanted):
    """Told to tqdm as it is loaded."""
    code = (
        "from simclrv2_tf.console.progress import progress\n"
        "print(progress('prepared', 10).disable)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"}
    environment |= {"TQDM_DISABLE": wanted} if wanted else {}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == f"{wanted == '1'}\n"
