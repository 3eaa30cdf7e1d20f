"""What is told of a job, a run and an export, and what is not."""

import json

import published_run
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.publishing import publish
from simclrv2_tf.publishing.card_facts import gather
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.results.job_report import Row

NETWORK = {"resnet_depth": 18, "name": "network", "image_size": 8}
ENVIRONMENT = {"data": {"name": "folder /home/me/photos", "examples": 90}}
JOB = {
    "asked": {},
    "data": {"name": "folder /home/me/photos", "examples": 100},
    "recipe": {"seconds": {}, "reasons": []},
}


def write(path, **files):
    path.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (path / f"{name}.json").write_text(json.dumps(value))
    return path


def version_in(run, step="7", below="saved_model"):
    version = write(run / below / step, network=NETWORK)
    (version / "saved_model.pb").write_bytes(b"")
    return version


@pytest.fixture
def run(tmp_path):
    files = {"result_7": published_run.RESULT, "environment": ENVIRONMENT}
    return write(tmp_path / "run", flags=published_run.FLAGS, **files)


@pytest.fixture
def job(tmp_path):
    """A job with a distilled network, and one from scratch."""
    job = write(tmp_path / "job", job=JOB)
    rows = [
        Row("small, distilled", 0.8, 50, 100, 9.0),
        Row("on features", 0.7, 20, 0, 1.0, "cross-validation"),
        Row("small, from scratch", 0.4, 50, 100, 3.0),
    ]
    told = {"exported_run": "distilled", "rows": [r.values() for r in rows]}
    write(job, report=told, progress={"distilled": {}, "scratch": {}})
    for name in ("scratch", "distilled"):
        flags = {**published_run.FLAGS, "teacher": f"{job}/finetuned"}
        write(job / name, flags=flags, result_7=published_run.RESULT)
    return job


def told(place, version, **options):
    options |= {"mode": "publish", "target": "mine"}
    config = Config(model_dir=place and str(place), **options)
    return gather(config, str(version), ["ant", "bee", "cat"])


def test_a_run(run, tmp_path):
    found = told(run, version_in(tmp_path / "elsewhere"))
    assert found.step == 7
    assert found.network == {"resnet_depth": 18, "image_size": 8}
    about = dict(found.about)
    assert about["Data"].startswith("folder photos, 90 images to train on")
    assert about["Began with"] == "pretrained"
    (top,) = found.results
    assert (top.what, top.value, top.examples) == ("top-1 accuracy", 0.8, 50)
    assert top.low == pytest.approx(0.67, abs=0.01)
    assert found.measured_on == "folder val"
    assert found.compared == []
    assert found.settings["run"]["planned_steps"] == 7
    assert "dataset" not in found.settings["run"]


def test_a_job_and_its_result_have_the_table(job, tmp_path):
    version = version_in(tmp_path / "elsewhere")
    for place in (job, job / "distilled", version_in(job / "distilled")):
        found = told(place, version)
        assert [row.what for row in found.compared] == [
            "small, distilled (this network)",
            "on features",
            "small, from scratch",
        ]
        assert found.compared[1].low is None  # its images were trained on
        assert set(found.settings) == {"distilled", "scratch"}
    alone = told(job / "scratch", version)
    assert alone.compared == [] and set(alone.settings) == {"run"}


def test_other_weights_have_no_results(run, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    assert told(run, version_in(elsewhere, "8")).results == []
    version = version_in(elsewhere)
    assert told(run, version, export_ema=True).results == []
    assert told(run, version, export_ema=True, eval_ema=True).results
    best = version_in(elsewhere, below="saved_model_best")
    held = {**published_run.RESULT, "eval/label_top_1_accuracy": 0.9}
    write(run, result_best_7=held)
    assert told(run, best).results[0].value == 0.9
    assert told(run, version).results[0].value == 0.8


@pytest.mark.parametrize("judged", [False, True])
@pytest.mark.parametrize("trained_with", [False, True])
def test_a_result_is_of_the_weights_that_it_names(
    run, tmp_path, judged, trained_with
):
    """Whatever the run's flags and those of publishing say of evaluation."""
    flags = {**published_run.FLAGS, "eval_ema": trained_with}
    held = {**published_run.RESULT, "ema": judged}
    write(run, flags=flags, result_7=held)
    version = version_in(tmp_path / "elsewhere")
    for export_ema in (False, True):
        found = told(run, version, export_ema=export_ema, eval_ema=trained_with)
        assert bool(found.results) == (export_ema == judged)
        assert bool(found.measured_on) == (export_ema == judged)


def test_the_calibration_is_that_of_the_answers(run, tmp_path):
    key = "expected_calibration_error"
    held = {**published_run.RESULT, f"eval/{key}": 0.3}
    version = version_in(tmp_path / "elsewhere")

    def error():
        results = told(run, version).results
        return next(r.value for r in results if "calibration" in r.what)

    write(run, result_7=held)
    assert error() == 0.3
    write(run, result_7={**held, f"eval/calibrated_{key}": 0.05})
    assert error() == 0.05


def test_of_two_results_that_of_the_weights_is_told(run, tmp_path):
    best = version_in(tmp_path / "elsewhere", below="saved_model_best")
    other = {**published_run.RESULT, "eval/label_top_1_accuracy": 0.9}
    write(run, result_best_7={**other, "ema": True})
    assert told(run, best).results[0].value == 0.8
    assert told(run, best, export_ema=True).results[0].value == 0.9


def test_an_export_that_a_run_wrote_is_of_its_flags(run):
    """Where its checkpoint is gone, which would tell."""
    flags = {**published_run.FLAGS, "export_ema": True, "eval_ema": True}
    version = version_in(write(run, flags=flags))
    assert told(version, version).results
    write(run, result_7={**published_run.RESULT, "ema": False})
    assert not told(version, version).results


def test_the_average_of_a_checkpoint_by_its_name(run, tmp_path):
    (run / "ckpt-7.index").touch()
    version = version_in(tmp_path / "elsewhere")
    write(run, result_7={**published_run.RESULT, "ema": True})
    named = {"checkpoint": str(run / "ckpt-7")}
    assert told(None, version, checkpoint_ema=True, **named).results
    assert not told(None, version, **named).results


def test_a_jobs_row_of_other_weights_is_not_of_this_network(job, tmp_path):
    version = version_in(tmp_path / "elsewhere")
    averaged = [
        row.what for row in told(job, version, export_ema=True).compared
    ]
    assert averaged[0] == "small, distilled"
    trained = [row.what for row in told(job, version).compared]
    assert trained == [f"{averaged[0]} (this network)", *averaged[1:]]


def test_a_checkpoint_is_of_the_run_that_it_lies_in(run, tmp_path):
    (run / "ckpt-7.index").touch()
    version = version_in(tmp_path / "elsewhere")
    found = told(None, version, checkpoint=str(run / "ckpt-7"))
    assert dict(found.about)["Data"].startswith("folder photos")
    assert found.results[0].value == 0.8
    missing = told(None, version, checkpoint=str(run / "ckpt-8"))
    assert not missing.about and not missing.results


def test_an_export_is_of_the_run_around_it_if_there_is_one(run, tmp_path):
    version = version_in(run)
    for place in (version, version.parent, None):
        assert told(place, version).results, place
    alone = version_in(tmp_path / "alone")
    assert told(alone, alone).about == []


def test_a_run_of_a_job_without_a_classifier(job, tmp_path):
    for name in ("report.json", "progress.json"):
        (job / name).unlink()
    found = told(job / "scratch", version_in(tmp_path / "elsewhere"))
    assert set(found.settings) == {"run"}


def test_a_job_without_labels_says_what_to_publish(job):
    (job / "report.json").write_text('{"rows": [], "export": null}')
    (job / "progress.json").unlink()
    with pytest.raises(ValueError, match="had no labels.*`pretrained` in it"):
        record.run_within(str(job))


def test_a_backbone_that_is_a_file_is_told_without_its_place(run, tmp_path):
    flags = {**published_run.FLAGS, "backbone": "me/net.keras"}
    found = told(write(run, flags=flags), version_in(tmp_path / "elsewhere"))
    assert found.runs[0]["network"] == "net.keras"


def test_what_counts_as_an_export(run):
    version = version_in(run)
    assert publish.exported_in(str(version)) == str(version)
    assert publish.exported_in(str(version.parent)) == str(version)
    assert publish.exported_in(str(run)) is None
    assert publish.exported_in(None) is None
