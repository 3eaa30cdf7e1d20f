"""A job that has begun: what its stages start from."""

import dataclasses

import pytest

from simclrv2_tf.recipes import running_job


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
