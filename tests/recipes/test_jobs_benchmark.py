"""The benchmark of the job: groups of photographs, draws and their means."""

import json

import pytest

from tools.benchmark import hardware
from tools.benchmark import module_of
from tools.benchmarks import curation
from tools.benchmarks import semi_supervised as benchmark
from tools.benchmarks.findings.runs import Runs
from tools.benchmarks.semi_supervised import sets
from tools.benchmarks.semi_supervised import shared_pretraining
from tools.benchmarks.semi_supervised import summary


@pytest.mark.parametrize(
    ("number", "group"),
    [
        ("n01440764", "fish, reptiles, amphibians"),  # tench
        ("n01770081", "invertebrates"),  # harvestman
        ("n01843065", "birds"),  # jacamar
        ("n01882714", "other mammals"),  # koala
        ("n02099267", "dogs"),
        ("n02120505", "other mammals"),  # grey fox
        ("n02281406", "invertebrates"),  # sulphur butterfly
        ("n02504013", "other mammals"),  # elephant
        ("n02692877", "things"),  # airship
        ("n07747607", "food and nature"),  # orange
    ],
)
def test_groups_of_photographs(number, group):
    assert sets.group_of(number) == group


def test_a_set_is_flags_of_its_folder(tmp_path):
    for name in ("signs", "tfds", "photos/n01440764"):
        (tmp_path / name).mkdir(parents=True)
    assert sets.data_flags("digits", None, tmp_path) == {"dataset": "digits"}
    signs = sets.data_flags("signs", tmp_path, tmp_path)
    assert signs == {"dataset": f"folder:{tmp_path / 'signs'}"}
    cifar10 = sets.data_flags("cifar10", tmp_path, tmp_path)
    assert cifar10["data_dir"] == str(tmp_path / "tfds")
    photos = sets.data_flags("photos", tmp_path, tmp_path)
    assert photos["dataset"] == f"folder:{tmp_path / 'photos'}"
    groups = (tmp_path / "groups.csv").read_text()
    assert 'n01440764,"fish, reptiles, amphibians"' in groups


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--datasets=fashion"], "digits, signs, cifar10.*Received: fashion"),
        (["--datasets=digits,signs"], "signs/ .*Received: --data=None"),
        (["--datasets=signs", "--data=DIR"], "DIR, without signs/"),
    ],
)
def test_a_set_that_is_not_there_is_an_error(asked, told, tmp_path):
    asked = [word.replace("DIR", str(tmp_path)) for word in asked]
    told = told.replace("DIR", str(tmp_path))
    for parse in (benchmark.parse_arguments, curation.parse_arguments):
        with pytest.raises(SystemExit, match=told):
            parse(asked)


@pytest.mark.parametrize("name", ["golden", "input", "serving"])
def test_no_benchmark_reads_data_outside_the_clone(name, capsys):
    with pytest.raises(SystemExit):
        module_of(name).parse_arguments([])
    told = capsys.readouterr().err
    assert "the following arguments are required: --" in told


def test_means_over_draws():
    def cell(draw, ours, scratch):
        return {
            "data": "signs",
            "labels": 5,
            "draw": draw,
            "top-1": {
                summary.SMALL: ours,
                summary.SCRATCH: scratch,
                summary.PIXELS: None,
            },
            "planned seconds": 100,
            "seconds": 110,
            "planned GB": 2.0,
            "GB": 2.2,
        }

    (row,) = summary.means([cell(0, 0.8, 0.1), cell(1, 0.6, 0.3)])
    assert row["above scratch"] == pytest.approx(0.5)
    assert row["above raw pixels"] is None
    assert row["seconds to planned"] == 1.1 == row["GB to planned"]
    unknown = {**cell(0, 0.8, 0.1), "planned GB": None}
    assert summary.means([unknown])[0]["GB to planned"] is None
    # A row that not every draw has, as of a teacher from labels alone.
    more = cell(0, 0.8, 0.1)
    more["top-1"]["always the largest class"] = 0.9
    (row,) = summary.means([more, cell(1, 0.6, 0.3)])
    assert row["always the largest class"] is None
    assert row[summary.SMALL] == pytest.approx(0.7)
    # A network that is worse than from scratch is not what is exported.
    worse = {**cell(0, 0.2, 0.4), "exported": "scratch"}
    (row,) = summary.means([worse, cell(1, 0.6, 0.3)])
    assert row["above scratch"] == pytest.approx(0.05)
    assert row["exported, above scratch"] == pytest.approx(0.15)


def write_job(directory, top_1=0.8):
    """What a job leaves, as far as the benchmark looks."""
    exported = directory / "pretrained" / "saved_model"
    (exported / "120").mkdir(parents=True)
    (exported / "batching_parameters.txt").write_text("")
    progress = {"pilots": {"seconds": 1.0}, "pretrained": {}, "scratch": {}}
    (directory / "progress.json").write_text(json.dumps(progress))
    begun = {
        "asked": {"label_seed": 0},
        "recipe": {"given": {"pretrain": {"label_seed": 0}}},
    }
    (directory / "job.json").write_text(json.dumps(begun))
    told = {
        "rows": [
            {"name": name, "top_1": top_1}
            for name in (summary.SMALL, summary.SCRATCH, summary.PIXELS)
        ],
        "exported_run": "distilled",
        "planned_seconds": 100.0,
        "seconds": 110.4,
        "planned_memory": 2.0e9,
        "memory": None,
    }
    (directory / "report.json").write_text(json.dumps(told))


def fake_processes(monkeypatch, started):
    """Jobs that are done at once; those of 20 labels have not so many."""

    def process(runs, name, flags, module):
        folder = runs.directory / name
        started.append((name, flags, folder.exists()))
        if flags["labels_per_class"] == 20:
            log = f"few must have {benchmark.TOO_FEW}"
            (runs.directory / f"{name}.log").write_text(log)
            return 2, 0.0
        if not (folder / "pretrained").exists():
            write_job(folder)
        if not (folder / "report.json").exists():
            write_report_of(folder)
        return 0, 60.0

    monkeypatch.setattr(Runs, "_process", process)


def write_report_of(folder):
    first = folder.with_name(f"{folder.name.rpartition('_')[0]}_0")
    told = (first / "report.json").read_text()
    (folder / "report.json").write_text(told)


def test_jobs_are_done_once_and_share_pretraining(tmp_path, monkeypatch):
    started = []
    fake_processes(monkeypatch, started)
    asked = ["--datasets=digits", "--labels=5,20", "--draws=2"]
    asked.append(f"--jobs_dir={tmp_path / 'jobs'}")
    last = list(benchmark.run(asked))[-1]
    assert [name for name, *_ in started] == [
        "digits_5_0",
        "digits_5_1",
        "digits_20_0",
    ]
    assert [there for *_, there in started] == [False, True, False]
    _, flags, _ = started[1]
    assert flags == {
        "train_mode": "semi_supervised",
        "dataset": "digits",
        "labels_per_class": 5,
        "label_seed": 1,
        "time_budget": "00:20",
    }
    shared = tmp_path / "jobs" / "digits_5_1"
    progress = json.loads((shared / "progress.json").read_text())
    assert sorted(progress) == ["pilots", "pretrained"]
    assert json.loads((shared / "job.json").read_text()) == {
        "asked": {"label_seed": 1},
        "recipe": {"given": {"pretrain": {"label_seed": 1}}},
    }
    cell = last["cells"][1]
    assert cell.pop("hardware")
    assert cell == {
        "data": "digits",
        "labels": 5,
        "draw": 1,
        "top-1": dict.fromkeys(
            (summary.SMALL, summary.SCRATCH, summary.PIXELS), 0.8
        ),
        "exported": "distilled",
        "steps of pretraining": 120,
        "planned seconds": 100,
        "seconds": 110,
        "planned GB": 2.0,
        "GB": None,
    }
    before = len(started)
    assert list(benchmark.run(asked))[-1] == {
        **last,
        "cells": [last["cells"][0], {**cell, "hardware": hardware()}],
    }
    assert [name for name, *_ in started[before:]] == ["digits_20_0"]


JOB = '{"asked": {}, "recipe": {"given": {}}}'
OWN = JOB + "\n"  # of the job itself
SHARING = ["--datasets=digits", "--labels=5,1", "--share_pretraining"]


class Killed(BaseException):
    """As of a process that ends at once."""


@pytest.mark.parametrize("job", ["digits_5_1", "digits_1_0"])
@pytest.mark.parametrize("begun", [True, False])
def test_a_list_killed_during_a_job_goes_on(job, begun, tmp_path, monkeypatch):
    def process(runs, name, flags, module):
        folder = runs.directory / name
        if not folder.exists():
            write_job(folder)
        if not (folder / "job.json").exists():
            (folder / "job.json").write_text(JOB)
        return 0, 60.0

    def killed(runs, name, flags, module):
        if name != job:
            return process(runs, name, flags, module)
        if begun:
            (runs.directory / name / "job.json").write_text(OWN)
        raise Killed

    monkeypatch.setattr(Runs, "_process", process)
    monkeypatch.setattr(benchmark, "came_to", lambda folder: {"seconds": 1})
    monkeypatch.setattr(benchmark.summary, "means", lambda cells: [])
    asked = [*SHARING, "--draws=2", f"--jobs_dir={tmp_path}"]
    with monkeypatch.context() as patched:
        patched.setattr(Runs, "_process", killed)
        with pytest.raises(Killed):
            list(benchmark.run(asked))
    kept = json.loads((tmp_path / "record.json").read_text())[job]
    assert kept["flags"]["dataset"] == "digits" and kept["result"] is None
    (tmp_path / "record.json").unlink()  # as earlier versions left none
    assert len(list(benchmark.run(asked))[-1]["cells"]) == 4
    assert begun == ((tmp_path / job / "job.json").read_text() == OWN)


@pytest.mark.parametrize("draw", [True, False])
def test_no_half_copy_of_a_pretraining_is_taken(draw, tmp_path, monkeypatch):
    first, second = tmp_path / "digits_5_0", tmp_path / "digits_5_1"
    write_job(first)
    share = shared_pretraining.of_draw if draw else shared_pretraining.of_labels

    def stops(source, target):
        target.mkdir(parents=True)
        (target / "half").touch()
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(shared_pretraining.shutil, "copytree", stops)
        with pytest.raises(Killed):
            share(first, second)
    assert not second.exists()
    (second / "pretrained").mkdir(parents=True)  # half, of an earlier version
    share(first, second)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "digits_5_0",
        "digits_5_1",
    ]
    assert (second / "pretrained" / "saved_model" / "120").is_dir()
    assert not (second / "pretrained" / "half").exists()


def test_cells_of_an_earlier_report_are_kept(tmp_path, monkeypatch):
    started = []
    fake_processes(monkeypatch, started)
    asked = ["--datasets=digits", "--labels=5"]
    first = [*asked, "--draws=1", f"--jobs_dir={tmp_path / 'jobs'}"]
    known = tmp_path / "known.json"
    known.write_text(json.dumps(list(benchmark.run(first))[-1]))
    new = [*asked, "--draws=2", f"--jobs_dir={tmp_path / 'new'}"]
    last = list(benchmark.run([*new, f"--known={known}"]))[-1]
    assert [name for name, *_ in started] == ["digits_5_0", "digits_5_1"]
    assert [cell["draw"] for cell in last["cells"]] == [0, 1]
    other = [*new, f"--known={known}", "--budget=00:10"]
    with pytest.raises(SystemExit, match="jobs of the same time. Received"):
        list(benchmark.run(other))
