"""How often pilot runs save: a kill costs no more than of pretraining."""

import dataclasses

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.runs.plan import make_plan


@pytest.fixture
def pilot(job, monkeypatch):
    """Function to the config of a pilot run of 400 steps."""
    monkeypatch.setattr(pilots, "train_alone", job.run)
    monkeypatch.setattr(pilots, "right", lambda *_: np.zeros(30))
    job.recipe.choose("pilot", "train_steps", 400, "why", "source")

    def run():
        pilots._pilot(job, {})
        return job.calls[-1]

    return run


def choose(job, **options):
    for option, value in options.items():
        job.recipe.choose("pretrain", option, value, "why", "source")


def test_a_pilot_run_saves_as_often_as_pretraining(job, pilot):
    choose(job, checkpoint_steps=50, train_summary_steps=20)
    config = pilot()
    assert config.train_steps == 400
    assert config.checkpoint_steps == 50
    assert config.train_summary_steps == 20


def test_one_that_is_shorter_than_that_saves_at_its_end(job, pilot):
    choose(job, checkpoint_steps=5_000, train_summary_steps=500)
    config = pilot()
    assert config.checkpoint_steps == config.train_summary_steps == 400


def test_epochs_from_one_checkpoint_to_the_next_are_a_pilots_too(job, pilot):
    job.recipe.given = {"pretrain": {"checkpoint_epochs": 2}}
    plan = make_plan(pilot(), job.data.train.num_examples)
    assert plan.checkpoint_steps == 2 * round(job.data.train.num_examples / 32)


def test_a_pilot_run_of_an_earlier_version_goes_on():
    """It saved at its end alone, which a run that goes on may change."""
    fields = {field.name: field for field in dataclasses.fields(Config)}
    for name in ("checkpoint_steps", "train_summary_steps"):
        resumed = fields[name].metadata["resumed"]
        assert not resumed.fixed and not resumed.changes_training
