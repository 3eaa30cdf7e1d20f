"""Both lists with runs of ours, tiny, stopped and taken up again."""

import json

import pytest

from tools.benchmarks import findings
from tools.benchmarks import students
from tools.benchmarks.findings import cells
from tools.benchmarks.findings import recipe
from tools.benchmarks.students import flags

# One of each kind; all choices have a single value.
CELLS = [
    cells.linear(cells.MIDDLE, 1),
    cells.fine_tuned(cells.MIDDLE, 1),
    cells.student(cells.SMALL, 1, cells.EQ_3, 0.1),
]


@pytest.mark.slow
def test_findings_on_digits(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "all_cells", lambda counts: CELLS)
    monkeypatch.setattr(recipe, "FEW_RATES", (0.01,))
    monkeypatch.setattr(recipe, "DISTILL_RATES", (0.1,))
    monkeypatch.setattr(recipe, "ALPHAS", (0.9,))
    monkeypatch.setattr(cells, "DRAWS", 1)
    words = [
        f"--runs_dir={tmp_path}",
        "--dataset=digits",
        "--image_size=16",
        "--labels=1,2",
        "--scale=0.001",
    ]
    assert not list(findings.run([*words, "--minutes=0.02"]))
    *_, report = findings.run(words)
    assert len(report["rows"]) == len(CELLS) == report["rows in all"]
    assert all(0 < row["top-1"] < 1 for row in report["rows"])
    record = json.loads((tmp_path / "record.json").read_text())
    assert len(record) == 7 and all(run["result"] for run in record.values())
    (again,) = findings.run(words)
    assert again["rows"] == report["rows"]


@pytest.mark.slow
def test_students_on_the_signs_by_rates_of_cifar10(
    data_dir, tmp_path, monkeypatch
):
    narrow, mobile = list(flags.STUDENTS)[1:3]
    two = {name: flags.STUDENTS[name] for name in (narrow, mobile)}
    monkeypatch.setattr(flags, "STUDENTS", two)
    monkeypatch.setattr(flags, "RATES", (0.2,))
    words = [
        f"--data={data_dir}",
        f"--runs_dir={tmp_path}",
        "--datasets=signs",
        "--student_minutes=0.01",
        "--scale=0.002",
    ]
    *_, report = students.run(words)
    rows = {row["student"]: row for row in report["rows"]}
    assert list(rows) == list(report["rates"]) == [narrow, mobile]
    assert rows[narrow]["parameters"] < rows[mobile]["parameters"]
    for row in rows.values():
        assert row["examples"] == 411
        assert row["bytes"]["litert_int8"] < row["bytes"]["litert"] / 2
        assert row["milliseconds"]["litert_int8"]["median"] > 0
