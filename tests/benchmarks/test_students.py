"""The benchmark of students: equal minutes, what is read, the figure."""

import json

import pytest

from simclrv2_tf.config import Config
from tools.benchmarks import students
from tools.benchmarks.findings.jobs import accuracy_of
from tools.benchmarks.students import figure
from tools.benchmarks.students import flags

NAMES = list(flags.STUDENTS)


class Noted:
    """Runs that are done at once; a step takes as long as the width says."""

    processor_hours = 0.0

    def __init__(self, *given):
        self.record = {}

    def hardware(self):
        return {"2 cores": len(self.record)}

    def result(self, name, asked, look, module=None):
        for other in ("checkpoint", "teacher"):
            assert asked.get(other, name) in {*self.record, name}
        found = {
            "seconds": asked.get("width_multiplier", 1.0),
            "top-1": 0.9 if name.endswith("-0.2") else 0.5,
            "parameters": 1000,
            "int8 top-1": 0.49,
            "examples": 412,
            "milliseconds": {},
        }
        self.record.setdefault(name, {"flags": asked, "result": found})
        assert self.record[name]["flags"] == asked
        return found


@pytest.fixture
def noted(monkeypatch, tmp_path):
    """All runs of the benchmark and its last report."""
    made = []

    def runs(*given):
        made.append(Noted())
        return made[0]

    monkeypatch.setattr(students, "Runs", runs)
    words = [f"--data={tmp_path}", "--runs_dir=runs", "--student_minutes=3"]
    *_, report = students.run(words)
    return made[0].record, report


def test_flags_of_every_run_are_flags(noted):
    record, _ = noted
    for run in record.values():
        Config(**{k: v for k, v in run["flags"].items() if k != "flagfile"})


def test_every_student_has_as_many_minutes(noted):
    record, report = noted
    assert len(report["rows"]) == 2 * len(NAMES)
    for row in report["rows"]:
        seconds = {**flags.STUDENTS[row["student"]]}.get("width_multiplier", 1)
        assert row["steps"] * seconds == 3 * 60
    third = record["choices/cifar10/ResNet-18-width0.25-0.2"]["flags"]
    assert third["train_steps"] * 0.25 == 60


def test_rates_are_chosen_without_the_test_images(noted):
    record, report = noted
    assert report["rates"] == dict.fromkeys(NAMES, 0.2)
    chosen = {n: r["flags"] for n, r in record.items() if n.startswith("cho")}
    assert len(chosen) == 3 * len(NAMES)
    for asked in chosen.values():
        assert asked["train_split"] == "train[:10000]"
        assert asked["eval_split"] == "train[90%:]"
    for name in ("cifar10", "signs"):
        row = record[f"{name}/MobileNetV3Small-alpha0.75"]["flags"]
        assert row["learning_rate"] == 0.2
        assert row["eval_split"] == flags.SPLITS[name]["eval_split"]
        assert row["teacher"] == f"{name}/teacher"


def test_intervals_are_of_the_images_judged(noted):
    low, high = noted[1]["rows"][0]["interval"]
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / 412**0.5, abs=1e-3)


def test_what_is_read_of_a_student(tmp_path):
    folder = tmp_path / "student"
    folder.mkdir()
    result = {"eval/label_top_1_accuracy": 0.41239, "global_step": 3}
    (folder / "result.json").write_text(json.dumps(result))
    log = "  network           ResNet\n  parameters        175,418\n"
    (tmp_path / "student.log").write_text(log)
    assert accuracy_of(folder) == {"top-1": 0.4124}
    assert students._judged(folder) == {"top-1": 0.4124, "parameters": 175418}


def test_what_is_read_of_an_export(tmp_path):
    folder = tmp_path / "export"
    for version, milliseconds in ((9, 5.0), (10, 0.5)):
        path = folder / "saved_model" / str(version)
        path.mkdir(parents=True)
        times = {"1": {"median": milliseconds, "fastest": 0.4, "requests": 9}}
        row = {"format": "litert", "bytes": 7, "milliseconds": times}
        (path / "benchmark.json").write_text(json.dumps({"formats": [row]}))
    (folder / "saved_model" / "models.config").write_text("beside versions")
    (tmp_path / "export.log").write_text(
        "network_int8.tflite: top-1 accuracy 0.6528, in float32 0.6544, on 360 "
        "images of digits (validation)\n"
    )
    found = students._exported(folder)
    assert found["int8 top-1"] == 0.6528 and found["examples"] == 360
    assert found["milliseconds"]["litert"]["median"] == 0.5
    assert found["bytes"] == {"litert": 7}
    (tmp_path / "export.log").write_text("The accuracy in int8 is not known.")
    with pytest.raises(SystemExit, match="Received: none; it takes pip inst"):
        students._exported(folder)


def test_the_figure_has_a_panel_for_each_data_set():
    def row(data, student, milliseconds):
        times = {"median": milliseconds, "fastest": 0.1}
        return {
            "data": data,
            "student": student,
            "top-1": 0.6,
            "int8 top-1": 0.5,
            "milliseconds": {"litert": times, "litert_int8": times},
        }

    rows = [row(d, n, 1.0) for d in ("cifar10", "signs") for n in NAMES]
    report = {"rows": rows, "teachers": {"cifar10": 0.7}}
    left, right = figure.draw(report).axes
    # A line and two marks for each student, and the teacher.
    assert len(left.lines) == 3 * len(NAMES) + 1
    assert len(right.lines) == 3 * len(NAMES)
    filled, hollow = left.lines[1], left.lines[2]
    assert filled.get_ydata()[0] == 60 and hollow.get_ydata()[0] == 50
    assert filled.get_xdata()[0] == 0.1
