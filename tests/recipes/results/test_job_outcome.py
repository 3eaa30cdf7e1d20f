"""A job's conclusion, from what its parts came to."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from simclrv2_tf.recipes import running_job
from simclrv2_tf.recipes.results.job_outcome import conclude
from simclrv2_tf.recipes.results.job_report import Row

CONSTANT = "always the largest class"
PARTS = {"finetuned": 40.0, "distilled": 50.0, "scratch": 5.0}


def with_parts(job, examples, right):
    """The job with parts that are done, all of the same answers."""
    begin = {"name": "these", "examples": 9}
    job.recipe.seconds = {"pretrain": 300.0, "distill": 60.0}
    recipe = job.recipe.to_json()
    job.record.begin(asked={}, data=begin, recipe=recipe, seconds=20.0)
    shares = np.divide(right, examples)
    for part, seconds in PARTS.items():
        result = {
            "eval/label_top_1_accuracy": sum(right) / sum(examples),
            "eval/balanced_accuracy": float(shares.mean()),
            "eval/examples": sum(examples),
            "classes": {"examples": examples, "right": right},
            "parameters": 10,
            "export": f"{part}/saved_model/2",
            "seconds": seconds,
        }
        job.record.finish(part, result)
    job.record.finish("pilots", {"seconds": 30.0})
    job.record.finish("pretrained", {"seconds": 200.0})
    cheap = Row("nearest neighbours", 0.5, sum(examples), 0, 3.0)
    job.record.finish("features", {"rows": [dataclasses.asdict(cheap)]})
    return job


@pytest.fixture
def unequal(job):
    counts = [1196, 4]
    job.data.train.labels[job.data.labelled] = 0  # of ten classes
    return with_parts(job, counts, [1190, 2])


def names(report):
    return [row["name"] for row in report["rows"]]


def test_equal_classes_have_the_rows_that_they_had(job):
    report = conclude(with_parts(job, [100, 100], [90, 80]))
    assert names(report) == [
        "small, distilled",
        "pretrained and fine-tuned teacher",
        "nearest neighbours",
        "small, from scratch",
    ]
    assert not [note for note in report["notes"] if "balanced" in note]


def test_unequal_classes_have_a_row_and_a_note(unequal, capsys):
    report = conclude(unequal)
    assert names(report)[0] == "small, distilled"
    assert names(report)[-2:] == [CONSTANT, "small, from scratch"]
    assert f"{CONSTANT:<38}  99.7%" in capsys.readouterr().out
    table = pathlib.Path(unequal.config.model_dir) / "table.csv"
    assert CONSTANT in table.read_text()
    (said,) = [n for n in report["notes"] if n.startswith("balanced")]
    assert "small distilled network is 74.7%" in said
    # More time is no answer to a constant one.
    assert not [n for n in report["notes"] if f"less than {CONSTANT}" in n]


def test_all_time_is_in_the_sum(job):
    attempts = [{"rate": 2.0, "why": "x", "seconds": 17.0}]
    job.record.finish("attempts", attempts)
    report = conclude(with_parts(job, [100, 100], [90, 80]))
    rows = {row["name"]: row["seconds"] for row in report["rows"]}
    teacher = rows["pretrained and fine-tuned teacher"]
    assert teacher == 40 + 30 + 200 + 17
    assert report["seconds"] == 20 + teacher + 50 + 5 + 3
    assert report["planned_seconds"] == 20 + 300 + 60


def test_memory_is_the_most_of_all_processes(job, monkeypatch):
    job = with_parts(job, [100, 100], [90, 80])
    held = job.record.done["pretrained"]
    job.record.finish("pretrained", {**held, "peak_memory": 9_000})
    job.record.finish("recipe", {**job.recipe.to_json(), "memory": 1e6})
    job.record.finish("attempts", [{"rate": 2.0, "why": "x", "seconds": 1.0}])
    monkeypatch.setattr(running_job.memory, "highest", lambda: 4_000)
    assert conclude(job)["memory"] == 9_000
    monkeypatch.setattr(running_job.memory, "highest", lambda: 10_000)
    assert conclude(job)["memory"] == 9_000  # its report is there
    pathlib.Path(job.record.path("report.json")).unlink()
    assert conclude(job)["memory"] == 10_000


def test_halvings_of_the_rate_are_in_the_notes(job):
    attempts = [{"rate": 2.0, "why": "it is lost", "seconds": 1.0}]
    job.record.finish("attempts", attempts)
    notes = conclude(with_parts(job, [100, 100], [90, 80]))["notes"]
    assert (
        "pretraining began again at learning rate 1, half of 2: it is lost"
    ) in notes


def test_a_choice_by_chance_says_so(job):
    report = conclude(with_parts(job, [100, 100], [90, 80]))
    assert report["exported_run"] == "distilled"
    assert "within chance" in report["notes"][-1]
    path = pathlib.Path(job.config.model_dir) / "report.json"
    assert json.loads(path.read_text()) == report


def test_the_report_names_the_place_that_was_asked_for(job, tmp_path):
    job = with_parts(job, [100, 100], [90, 80])
    version = tmp_path / "distilled" / "saved_model" / "2"
    version.mkdir(parents=True)
    job.record.done["distilled"]["export"] = str(version)
    served = str(tmp_path / "served")
    job.config = dataclasses.replace(job.config, export_dir=served)
    report = conclude(job)
    assert report["export"] == str(tmp_path / "served" / "2")
    assert pathlib.Path(report["export"]).is_dir()


def test_unequal_classes_choose_between_networks_alike_in_top_1(unequal):
    better = {"eval/label_top_1_accuracy": 0.995, "eval/balanced_accuracy": 0.5}
    scratch = {**unequal.record.done["scratch"], **better}
    unequal.record.finish("scratch", scratch)
    report = conclude(unequal)
    assert report["exported_run"] == "distilled"
    assert "exported for its balanced accuracy" in report["notes"][-1]


def test_a_job_that_has_ended_keeps_what_it_exported(unequal):
    better = {"eval/label_top_1_accuracy": 0.995, "eval/balanced_accuracy": 0.5}
    scratch = {**unequal.record.done["scratch"], **better}
    unequal.record.finish("scratch", scratch)
    path = pathlib.Path(unequal.config.model_dir, "report.json")
    path.write_text(json.dumps({"exported_run": "scratch"}))
    report = conclude(unequal)
    assert report["exported_run"] == "scratch"
    assert "is worse than" in report["notes"][-1]
