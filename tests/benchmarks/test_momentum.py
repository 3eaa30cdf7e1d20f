"""The benchmark of the momentum memory keeps what it does not measure."""

import json
import subprocess
import types

import pytest

from tools.benchmarks import momentum


def test_halves_and_rows_that_stay(monkeypatch, tmp_path):
    report = tmp_path / "momentum.json"
    monkeypatch.setattr(momentum, "REPORT", report)
    monkeypatch.setattr(momentum, "measure_cost", lambda *_: ["a cost"])
    monkeypatch.setattr(
        momentum,
        "compare",
        lambda options: ({"batch": b, "seed": 0} for b in options.batches),
    )
    old = [{"batch": 64, "seed": s, "old": True} for s in (0, 1)]
    report.write_text(json.dumps({"rows": old, "command": "another"}))
    (costs,) = momentum.run(["--cost"])
    assert costs["cost"] == ["a cost"]
    assert costs["rows"] == old
    assert "command" not in costs  # which is told anew
    arguments = ["--batches", "64", "256", "--seeds", "0"]
    *_, last = momentum.run(arguments)
    assert last["rows"] == [
        {"batch": 64, "seed": 1, "old": True},
        {"batch": 64, "seed": 0},
        {"batch": 256, "seed": 0},
    ]
    assert last["rows_command"].endswith("momentum " + " ".join(arguments))


def test_a_run_that_has_a_checkpoint_is_not_measured_again(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(
        momentum, "train", lambda *_: {"processor minutes": 1.0}
    )
    run = tmp_path / "256-1" / "0.99-equal-steps"
    run.mkdir(parents=True)
    words = [f"--work_dir={tmp_path}", "--batches=256"]
    options = momentum.parse_arguments([*words, "--seeds=1"])
    assert len(list(momentum.compare(options))) == 3
    (run / "ckpt-4000.index").touch()
    with pytest.raises(SystemExit, match=r"4000.*; give another --work_dir"):
        next(momentum.compare(options))
    others = momentum.parse_arguments([*words, "--seeds=0"])
    assert len(list(momentum.compare(others))) == 3


def test_data_are_given_a_directory_where_one_is_known(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(
        subprocess, "run", lambda words, **_: commands.append(words)
    )
    monkeypatch.setattr(momentum, "in_a_process", lambda *_: {})
    for directory in (None, "/data"):
        options = types.SimpleNamespace(data_dir=directory, train_steps=3)
        momentum.train(options, tmp_path, 64, 0)
    without, given = commands
    assert not [word for word in without if word.startswith("--data_dir")]
    assert "--data_dir=/data" in given
