"""A job that has begun: what its stages start from, and how they end."""

import dataclasses

import pytest

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.recipes import job as jobs
from simclrv2_tf.recipes import running_job
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs.journal import Journal


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


def test_a_job_that_a_callback_ended_says_so(tmp_path, monkeypatch, capsys):
    def end(_):
        raise running_job.EndedByCallback("finetuned: ended")

    monkeypatch.setattr(jobs, "to_the_end", end)
    monkeypatch.setattr(jobs.make_recipe, "make_recipe", lambda *_: Recipe())
    report = simclrv2_tf.semi_supervised("digits", tmp_path / "job")
    assert report == {"rows": [], "export": None, "notes": ["finetuned: ended"]}
    assert capsys.readouterr().out.endswith("finetuned: ended\n")
    assert not (tmp_path / "job" / "report.html").exists()
