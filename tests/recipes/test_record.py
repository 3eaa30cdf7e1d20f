"""Which run stands for a job, and what is said while it is under way."""

import json

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import record
from simclrv2_tf.session.run_of_job import with_run_of_job

JOB = {
    "asked": {},
    "data": {"name": "these", "examples": 9},
    "recipe": {"seconds": {}, "reasons": []},
}


@pytest.fixture
def job(tmp_path):
    """The directory of a job that has begun."""
    record.write_json(str(tmp_path), record.JOB, JOB)
    return tmp_path


def done(job, *runs, exported=None):
    progress = {run: {} for run in runs}
    (job / record.PROGRESS).write_text(json.dumps(progress))
    if exported:
        told = json.dumps({"exported_run": exported})
        (job / record.REPORT).write_text(told)


@pytest.mark.parametrize(
    ("runs", "taken"),
    [
        (["scratch"], "scratch"),
        (["scratch", "finetuned"], "finetuned"),
        (["scratch", "finetuned", "distilled"], "distilled"),
    ],
)
def test_a_job_under_way_names_the_run_that_is_taken(job, caplog, runs, taken):
    done(job, *runs)
    assert record.classifier_of(str(job)) == str(job / taken)
    (said,) = caplog.messages
    assert "is not done" in said and f"run {taken!r}" in said
    caplog.clear()
    assert record.run_within(str(job)) == str(job / taken)
    assert not caplog.messages


def test_a_job_that_is_done_says_nothing(job, caplog):
    done(job, "scratch", "finetuned", "distilled", exported="scratch")
    assert record.classifier_of(str(job)) == str(job / "scratch")
    elsewhere = str(job / "distilled")
    assert record.classifier_of(elsewhere) == elsewhere
    assert not caplog.messages


def test_without_a_classifier_it_is_an_error_as_before(job):
    done(job)
    with pytest.raises(ValueError, match="has not yet"):
        record.classifier_of(str(job))


def test_predictions_of_a_job_under_way_say_so_too(job, caplog):
    done(job, "scratch")
    config = Config(mode="predict", model_dir=str(job))
    assert with_run_of_job(config).model_dir == str(job / "scratch")
    assert "is not done" in caplog.text


def of_the_run(job, mode):
    return with_run_of_job(Config(mode=mode, model_dir=str(job))).model_dir


@pytest.mark.parametrize(
    ("runs", "taken"),
    [
        (["pretrained"], "pretrained"),
        (["pretrained", "scratch"], "pretrained"),
        (["pretrained", "scratch", "finetuned"], "finetuned"),
        (["scratch"], "scratch"),  # from weights that were given
    ],
)
def test_a_job_under_way_embeds_without_a_classifier(job, caplog, runs, taken):
    done(job, *runs)
    assert of_the_run(job, "embed") == str(job / taken)
    (said,) = caplog.messages
    assert f"is not done: its embeddings are those of the run {taken!r}" in said


def test_what_classifies_needs_a_classifier_still(job):
    done(job, "pretrained")
    for mode in ("predict", "eval", "export"):
        with pytest.raises(ValueError, match="must have trained a classif"):
            of_the_run(job, mode)


def test_a_job_that_has_not_pretrained_embeds_nothing(job):
    done(job)
    with pytest.raises(ValueError, match="must have pretrained, and has not"):
        of_the_run(job, "embed")


def test_a_job_that_is_done_embeds_with_its_classifier(job, caplog):
    done(job, "pretrained", "scratch", "finetuned", exported="scratch")
    assert of_the_run(job, "embed") == str(job / "scratch")
    assert not caplog.messages


def test_a_job_without_labels_embeds_when_it_is_done(job, caplog):
    done(job, "pretrained")
    (job / record.REPORT).write_text(json.dumps({"rows": []}))
    assert of_the_run(job, "embed") == str(job / "pretrained")
    assert not caplog.messages
    with pytest.raises(ValueError, match="had no labels"):
        of_the_run(job, "predict")
    done(job)  # from weights that were given
    with pytest.raises(ValueError, match="Give these weights as --checkpoint"):
        of_the_run(job, "embed")


def test_what_is_no_job_embeds_by_itself(tmp_path):
    assert record.embedder_of(str(tmp_path)) == str(tmp_path)
