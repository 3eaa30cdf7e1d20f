"""The benchmark of the momentum memory keeps what it does not measure."""

import json

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
