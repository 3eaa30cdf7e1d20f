"""Reports compare like with like: the same runs, data, machine, settings."""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys

import pytest

from simclrv2_tf.machine import onednn
from tools.benchmarks import cifar10
from tools.benchmarks import health
from tools.benchmarks import semi_supervised
from tools.benchmarks.peers import programs
from tools.benchmarks.semi_supervised import summary
from tools.peers import cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKS = (
    "import os, sys; sys.argv = ['benchmark.py']; sys.path.insert(0, 'tools');"
    "import benchmark; benchmark.use_onednn();"
    "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], 'tensorflow' in sys.modules)"
)


def test_what_is_measured_has_onednn_as_the_command_has_it():
    free = {n: v for n, v in os.environ.items() if n != onednn.SETTING}
    done = subprocess.run(
        [sys.executable, "-c", ASKS],
        cwd=ROOT,
        env=free,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", "False"]


def test_a_process_of_others_comes_without_what_our_package_sets(monkeypatch):
    monkeypatch.setenv(onednn.SETTING, "1")
    asks = [
        sys.executable,
        "-c",
        f"import os; print('{onednn.SETTING}' in os.environ)",
    ]
    with_it = programs.output_of(asks)
    assert with_it.stdout.strip() == "True"
    without = programs.output_of(asks, without=(onednn.SETTING,))
    assert without.stdout.strip() == "False"


def test_cores_are_those_that_may_be_used(monkeypatch):
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda _: {0, 5}, raising=False
    )
    assert cases.cores() == 2


def test_minutes_are_of_a_whole_run(tmp_path):
    (tmp_path / "ckpt-20.index").touch()
    with pytest.raises(SystemExit, match="must hold no run yet.*Received"):
        cifar10.run([f"--model_dir={tmp_path}", "--data_dir=DIR"])


def test_a_directory_of_runs_is_of_one_data_set(tmp_path):
    health.check_data(tmp_path / "runs", "folder:a")
    health.check_data(tmp_path / "runs", "folder:a")
    with pytest.raises(SystemExit, match="holds runs of 'folder:a'.*folder:b"):
        health.check_data(tmp_path / "runs", "folder:b")


@pytest.mark.parametrize("noted", [True, False])
def test_cells_that_share_pretraining_are_not_mixed_with_others(
    noted, tmp_path
):
    known = {"budget": "00:20", "cells": [{"draw": 0}]}
    if noted:
        known["share_pretraining"] = True
    else:
        known["command"] = "python tools/benchmark.py --share_pretraining"
    path = tmp_path / "known.json"
    path.write_text(json.dumps(known))
    options = argparse.Namespace(
        known=path, budget="00:20", share_pretraining=True
    )
    assert semi_supervised.known_cells(options) == known["cells"]
    options.share_pretraining = False
    with pytest.raises(SystemExit, match="ran with --share_pretraining"):
        semi_supervised.known_cells(options)


def test_time_and_memory_are_the_first_draws_in_any_order():
    def cell(draw, seconds):
        share = {"small, distilled": 0.5, "small, from scratch": 0.4}
        share["nearest neighbours on raw pixels"] = 0.3
        times = {"planned seconds": 100, "seconds": seconds}
        return {"data": "a", "labels": 1, "draw": draw, "top-1": share, **times}

    (row,) = summary.means([cell(1, 20), cell(0, 110)])
    assert row["seconds to planned"] == 1.1


def test_what_was_not_measured_has_no_bar():
    assert summary.height(0.25) == 25
    assert math.isnan(summary.height(None))


def test_peak_memory_is_of_this_program_alone():
    """The parent has TensorFlow, whose memory the child does not count."""
    asks = (
        "from tools.peak_memory import peak_bytes; first = peak_bytes();"
        "held = bytearray(96 << 20); held[::4096] = bytes(96 << 8);"
        "print(first, peak_bytes())"
    )
    done = programs.output_of([sys.executable, "-c", asks])
    first, then = map(int, done.stdout.split())
    assert first < 64 << 20
    assert then - first > 90 << 20
