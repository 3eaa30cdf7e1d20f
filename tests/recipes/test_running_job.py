"""A job that has begun: what its stages start from, and how they end."""

import dataclasses
import datetime
import json
import pathlib

import pytest

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.recipes import job as jobs
from simclrv2_tf.recipes import running_job
from simclrv2_tf.recipes.choices.pretraining_retries import NothingLearnt
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import RECIPE
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.runs.journal import Journal


def lived(directory, seconds):
    """The journal of a run that was killed after so many seconds."""
    directory.mkdir(parents=True)
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    end = begin + datetime.timedelta(seconds=seconds)
    lines = [
        {"event": event, "time": time.isoformat()}
        for event, time in (("start", begin), ("train", end))
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (directory / "events.jsonl").write_text(text)


@pytest.fixture
def loaded(monkeypatch):
    """Calls of `load_network`: (source, how it is read)."""
    calls = []
    monkeypatch.setattr(
        running_job.hub,
        "load_network",
        lambda source, **reading: calls.append((source, reading)),
    )
    return calls


def test_weights_that_are_given_are_read_as_fine_tuning_reads_them(job, loaded):
    given = {"checkpoint_ema": True, "checkpoint_ignore": "projector"}
    job.config = dataclasses.replace(job.config, checkpoint="x.pth", **given)
    job.recipe.left_out.append("pretrain")
    job.recipe.give({"finetune": given})
    job.pretrained_network()
    reading = {"ema": True, "ignore": "projector"}
    reading["variable_schema"] = job.config.variable_schema
    assert loaded == [("x.pth", reading)]


def test_pretrainings_own_weights_are_read_as_they_are(job, loaded):
    given = {"checkpoint_ema": True, "checkpoint": "x.pth"}
    job.config = dataclasses.replace(job.config, **given)
    job.pretrained_network()
    assert loaded == [(job.record.path("pretrained"), {})]


def ended(kind):
    """A run that comes to an end of that kind, and is evaluated then."""

    def run(config, *_):
        journal = Journal(config.model_dir)
        journal.note("start", step=0)
        journal.note("stop" if kind else "trained", step=3, kind=kind)
        journal.note("evaluation", step=3, metrics={})
        return {"parameters": 1}

    return run


def test_a_run_that_a_callback_ended_is_not_done(job):
    config = Config(model_dir=job.record.path("pretrained"))
    job.run = ended("callback")
    message = "pretrained: ended by a callback at step 3.*the same call goes on"
    with pytest.raises(running_job.EndedByCallback, match=message):
        job.run_part("pretrained", config, job.interruption)
    assert job.record.done == {}
    job.run = ended(None)
    job.run_part("pretrained", config, job.interruption)
    assert "pretrained" in job.record.done


def test_a_part_says_what_memory_its_process_came_to(job, monkeypatch):
    monkeypatch.setattr(running_job.memory, "highest", lambda: 7_000)
    config = Config(model_dir=job.record.path("scratch"))
    job.run_part("scratch", config, job.interruption)
    assert Record(job.record.directory).done["scratch"]["peak_memory"] == 7_000


def test_memory_is_the_most_of_all_parts(job, monkeypatch):
    monkeypatch.setattr(running_job.memory, "highest", lambda: 7_000)
    parts = {"pretrained": {}, "scratch": {"peak_memory": 9_000}}
    job.record.done |= {**parts, "attempts": [{"rate": 1.0}]}
    assert job.peak_memory() == 9_000
    job.recipe.memory = 8_000
    assert job.planned_and_used(3.0, 4.0) == {
        "planned_seconds": 3.0,
        "seconds": 4.0,
        "planned_memory": 8_000,
        "memory": 9_000,
    }


def test_the_recipe_is_kept_as_it_is_now(job):
    job.recipe.choose("pretrain", "crop_area_min", 0.1, "pilots say so", "s")
    job.write_recipe()
    kept = Record(job.record.directory).done[RECIPE]
    assert kept == job.recipe.to_json()


@pytest.mark.parametrize("given", [{}, {"learning_rate": 2.0}])
def test_a_rate_that_was_halved_is_the_recipes(job, monkeypatch, given):
    """In flagfile and record; the job goes on with what it began with."""
    job.recipe.give({"pretrain": given})
    job.recipe.seconds = {"pretrain": 1.0}
    attempts = [{"rate": rate, "why": "lost"} for rate in (2.0, 1.0)]
    monkeypatch.setattr(
        jobs, "pretrain", lambda job: job.record.finish("attempts", attempts)
    )
    monkeypatch.setattr(type(job), "stage", lambda *_: {})
    monkeypatch.setattr(jobs.time_left, "keep_to_plan", lambda _: False)
    monkeypatch.setattr(jobs, "conclude", lambda _: {})
    job.recipe.pilot_runs = 0
    jobs.to_the_end(job)
    (kept,) = (
        reason
        for reason in job.record.done[RECIPE]["reasons"]
        if (reason["stage"], reason["option"]) == ("pretrain", "learning_rate")
    )
    assert kept["value"] == 0.5
    assert kept["why"] == "half of 1, at which pretraining did not learn"
    text = pathlib.Path(job.record.path("recipe", "pretrain.cfg")).read_text()
    assert text.count("--learning_rate=") == 1
    assert "--learning_rate=0.5\n" in text
    assert job.recipe.options("pretrain")["learning_rate"] == 2.0
    assert job.recipe.given == {"pretrain": given}


def test_labels_are_left_where_pretraining_learns_nothing(job, monkeypatch):
    def nothing(_):
        raise NothingLearnt("it does not")

    monkeypatch.setattr(jobs, "pretrain", nothing)
    monkeypatch.setattr(jobs, "from_labels_alone", lambda _: {"rows": [1]})
    job.recipe.pilot_runs = 0
    assert jobs.to_the_end(job) == {"rows": [1]}
    job.data = dataclasses.replace(job.data, labelled=[])
    with pytest.raises(NothingLearnt, match="it does not"):
        jobs.to_the_end(job)


def test_a_job_that_a_callback_ended_says_so(tmp_path, monkeypatch, capsys):
    def end(_):
        raise running_job.EndedByCallback("finetuned: ended")

    monkeypatch.setattr(jobs, "to_the_end", end)
    monkeypatch.setattr(jobs.make_recipe, "make_recipe", lambda *_: Recipe())
    report = simclrv2_tf.semi_supervised("digits", tmp_path / "job")
    assert report == {"rows": [], "export": None, "notes": ["finetuned: ended"]}
    assert capsys.readouterr().out.endswith("finetuned: ended\n")
    assert not (tmp_path / "job" / "report.html").exists()


def test_seconds_of_folds_that_were_killed_are_the_parts(job, tmp_path):
    """They train before the run on all labels has a journal."""
    run = tmp_path / "finetuned"
    for fold, seconds in (("0", 300.0), ("1", 40.0)):
        lived(run / "folds" / fold, seconds)
    (run / "events.jsonl").write_text("")
    job.run = lambda *_: {"parameters": 1}
    job.run_part("finetuned", Config(model_dir=str(run)), job.interruption)
    assert job.record.done["finetuned"]["seconds"] == pytest.approx(340, abs=5)


def test_a_job_has_a_peak_of_its_own(tmp_path, monkeypatch):
    """Noted before its plan, whose probe trains what the job does."""
    order = []
    monkeypatch.setattr(jobs.memory, "begin", lambda: order.append("begin"))
    monkeypatch.setattr(
        jobs.make_recipe,
        "make_recipe",
        lambda *_: order.append("plan") or Recipe(),
    )
    monkeypatch.setattr(jobs, "to_the_end", lambda _: order.append("run"))
    simclrv2_tf.semi_supervised("digits", tmp_path / "job")
    assert order == ["begin", "plan", "run"]


def test_features_of_a_job_are_of_as_many_images_as_it_evaluates(
    job, monkeypatch
):
    """What the recipe chose for the memory, or what this call says."""
    sizes = []
    monkeypatch.setattr(
        jobs, "_all_stages", lambda _: sizes.append(jobs.baselines._BATCH.get())
    )
    jobs.to_the_end(job)
    job.recipe.choose("pretrain", "eval_batch_size", 32, "memory", "source")
    jobs.to_the_end(job)
    now = {"dataset": "digits", "model_dir": job.config.model_dir}
    job.config = Config(train_mode="semi_supervised", eval_batch_size=64, **now)
    jobs.to_the_end(job)
    assert sizes == [256, 32, 64]
