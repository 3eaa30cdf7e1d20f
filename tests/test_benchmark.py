"""The command that measures: what it writes, and what it does not."""

import json
import types

import pytest

from tools import benchmark


@pytest.mark.parametrize("dry", [False, True])
def test_a_dry_run_writes_neither_figures_nor_pictures(
    monkeypatch, tmp_path, dry
):
    def show(report, folder):
        (folder / "table.md").write_text(report["rate"])

    module = types.SimpleNamespace(
        run=lambda rest: {"rate": " ".join(rest)}, show=show
    )
    monkeypatch.setattr(benchmark, "module_of", lambda name: module)
    monkeypatch.setattr(benchmark, "table", str)
    monkeypatch.setattr(benchmark, "OUT", tmp_path)
    monkeypatch.setattr(benchmark, "ROOT", tmp_path)
    words = ["benchmark.py", "input", "--rounds=3", *["--dry"] * dry]
    monkeypatch.setattr("sys.argv", words)
    benchmark.main()
    if dry:
        assert not list(tmp_path.iterdir())
        return
    report = json.loads((tmp_path / "input.json").read_text())
    assert report["command"].endswith("benchmark.py input --rounds=3")
    assert (tmp_path / "table.md").read_text() == report["rate"]


def test_a_report_holds_no_path_of_a_machine():
    words = ["peers", "--data=/a/b", "--part=speed", "--seconds=12", "--dry"]
    command = benchmark.environment(words)["command"]
    assert command == (
        "python tools/benchmark.py peers --data=DATA --part=speed --seconds=12 "
        "--dry"
    )
