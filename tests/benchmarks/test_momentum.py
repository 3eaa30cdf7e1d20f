"""The benchmark of the momentum memory keeps what it does not measure."""

import json
import subprocess
import types

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
