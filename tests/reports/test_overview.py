"""What the page tells first, and of exported formats that were timed."""

import json

import pytest

from simclrv2_tf.reports import overview
from simclrv2_tf.reports.history import RunHistory
from simclrv2_tf.runs import journal


def timed(version, size, milliseconds):
    version.mkdir(parents=True)
    row = {"format": "onnx", "bytes": size, "milliseconds": milliseconds}
    (version / "benchmark.json").write_text(json.dumps({"formats": [row]}))


def write_run(run, **flags):
    run.mkdir()
    (run / "flags.json").write_text(json.dumps(flags))


def test_formats_are_those_of_the_newest_version(tmp_path):
    run = tmp_path / "run [1]"
    times = {"1": {"median": 0.5}, "32": {"median": 12.25}}
    timed(run / "saved_model" / "9", 2**20, times)
    timed(run / "saved_model" / "10", 2**19, times)
    timed(run / "saved_model" / ".11.writing", 2**18, times)
    expected = {"format": "onnx", "size": "0.50", "one": "0.50"}
    assert overview.formats(str(run), None) == [{**expected, "many": "12.25"}]
    (row,) = overview.formats(str(run), str(run / "saved_model" / "9"))
    assert row["size"] == "1.00"


def test_formats_are_those_of_where_the_run_exports_to(tmp_path):
    """`--export_dir` of its flags, unless its own directory has one."""
    run, served = tmp_path / "run", tmp_path / "served [2]"
    timed(served / "10", 2**19, None)
    write_run(run, export_dir=str(served), planned_steps=10)
    assert overview.formats(str(run), None)[0]["size"] == "0.50"
    timed(run / "saved_model" / "9", 2**20, None)
    assert overview.formats(str(run), None)[0]["size"] == "1.00"


@pytest.mark.parametrize("step", ["checkpoint", "trained"])
def test_formats_of_another_run_in_a_shared_directory(tmp_path, step):
    """The table of the newest version, of whatever run, stood there."""
    run, served = tmp_path / "run", tmp_path / "served"
    timed(served / "900", 2**19, None)
    timed(served / "7", 2**20, None)
    write_run(run, export_dir=str(served), planned_steps=10)
    assert overview.formats(str(run), None) == []
    lines = [{"event": "train", "step": 900}, {"event": step, "step": 7}]
    text = "".join(json.dumps({**line, "time": ""}) + "\n" for line in lines)
    (run / journal.NAME).write_text(text)
    assert overview.formats(str(run), None)[0]["size"] == "1.00"


def test_formats_without_a_runtime_have_no_times(tmp_path):
    timed(tmp_path / "saved_model" / "3", 2**20, None)
    (row,) = overview.formats(str(tmp_path), None)
    assert (row["one"], row["many"]) == ("", "")


def test_without_a_benchmark_there_are_no_formats(tmp_path):
    assert overview.formats(str(tmp_path), None) == []
    assert overview.formats(str(tmp_path), str(tmp_path / "gone")) == []


def test_a_file_that_is_no_json_is_named(tmp_path):
    timed(tmp_path / "saved_model" / "3", 1, None)
    (tmp_path / "saved_model" / "3" / "benchmark.json").write_text("{")
    with pytest.raises(ValueError, match="json' must hold the times"):
        overview.formats(str(tmp_path), None)


def test_what_a_job_took_of_the_memory(tmp_path):
    stage = RunHistory("distilled", "", str(tmp_path), {}, {}, [])

    def told(**report):
        (tmp_path / "report.json").write_text(json.dumps(report))
        return dict(overview.facts(str(tmp_path), [stage])).get("Memory")

    assert told(memory=1.9e9, planned_memory=2.04e9) == "1.9 GB, planned 2.0 GB"
    assert told(memory=1.9e9, planned_memory=None) == "1.9 GB"
    assert told(seconds=3) is None  # of an earlier version


def test_time_and_machine_are_told_as_elsewhere(tmp_path):
    hardware = {"processor": "P", "cores": 8, "memory_gib": 31.3}
    stages = [
        RunHistory("a", "", str(tmp_path), {}, {"hardware": hardware}, [])
    ]
    (tmp_path / "report.json").write_text(
        json.dumps({"seconds": 7500, "planned_seconds": 200})
    )
    told = dict(overview.facts(str(tmp_path), stages))
    assert "2 h 05 min, planned 3 min 20 s" in told.values()
    assert "P, 8 cores, 33.6 GB" in told.values()
    del hardware["memory_gib"]  # not known on its system
    assert "P, 8 cores" in dict(overview.facts(str(tmp_path), stages)).values()


def test_the_recipe_is_that_which_the_job_came_to(tmp_path):
    def recipe(value, why):
        reason = {"option": "crop_area_min", "value": value, "why": why}
        reasons = [{**reason, "stage": "pretrain", "source": "s"}]
        return {"given": {}, "reasons": reasons}

    begun = {"recipe": recipe(0.08, "usual")}
    (tmp_path / "job.json").write_text(json.dumps(begun))
    (row,) = overview.reasons(str(tmp_path))
    assert (row["value"], row["why"]) == (0.08, "usual")
    progress = {"pilots": {}, "recipe": recipe(0.3, "pilot runs")}
    (tmp_path / "progress.json").write_text(json.dumps(progress))
    (row,) = overview.reasons(str(tmp_path))
    assert (row["value"], row["why"]) == (0.3, "pilot runs")


def stage(dataset, name):
    environment = {"data": {"name": name, "examples": 3}}
    flags = {"dataset": dataset}
    return [RunHistory("pretrained", "", "", flags, environment, [])]


@pytest.mark.parametrize(
    ("dataset", "name", "told"),
    [
        ("folder:/images", "folder /images", "folder:/images"),
        ("imagenet2012", "imagenet2012 (train)", "imagenet2012"),
        ("imagenet2012", "the data set given", "the data set given"),
        ("imagenet2012", "", "imagenet2012"),  # of an earlier version
    ],
)
def test_images_that_python_gave_are_no_named_data_set(
    tmp_path, dataset, name, told
):
    asked = {"data": {"name": name}, "asked": {"seed": 3}}
    (tmp_path / "job.json").write_text(json.dumps(asked))
    stages = stage(dataset, name)
    assert overview.dataset(str(tmp_path), stages) == told
    command = overview.command(str(tmp_path), stages)
    given = told == "the data set given"
    assert command.startswith("# beside --dataset") == given
