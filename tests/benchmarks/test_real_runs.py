"""Both lists with runs of ours, tiny, stopped and taken up again."""

import json

import pytest

from tools.benchmarks import findings
from tools.benchmarks import students
from tools.benchmarks.findings import cells


@pytest.mark.slow
def test_findings_on_digits(tmp_path):
    """All kinds of runs, of a few steps; the second call asks for nothing."""
    words = [
        f"--runs_dir={tmp_path / 'runs'}",
        "--dataset=digits",
        "--image_size=16",
        "--labels=1,2",
        "--scale=0.001",
    ]
    stopped = list(findings.run([*words, "--minutes=0.2"]))
    *_, report = findings.run(words)
    listed = cells.all_cells((1, 2, cells.ALL))
    count = sum(cell.draws for cell in listed)
    assert len(stopped) < len(report["rows"]) == count == report["rows in all"]
    record = json.loads((tmp_path / "runs" / "record.json").read_text())
    assert all(run["result"] for run in record.values())
    (again,) = findings.run(words)
    assert again["rows"] == report["rows"]


@pytest.mark.slow
def test_students_on_the_signs_by_rates_of_cifar10(data_dir, tmp_path):
    words = [
        f"--data={data_dir}",
        f"--runs_dir={tmp_path}",
        "--datasets=signs",
        "--student_minutes=0.01",
        "--scale=0.002",
    ]
    assert not list(students.run([*words, "--minutes=0.2"]))
    *_, report = students.run(words)
    rows = {row["student"]: row for row in report["rows"]}
    assert list(rows) == list(report["rates"])
    wide, narrow, *_ = (row["parameters"] for row in rows.values())
    assert wide > narrow
    for row in rows.values():
        assert row["examples"] == 412
        assert row["bytes"]["litert_int8"] < row["bytes"]["litert"] / 2
        assert row["milliseconds"]["litert_int8"]["median"] > 0
