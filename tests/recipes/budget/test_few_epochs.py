"""What a plan says of images that are seen seldom."""

import dataclasses

import pytest

from simclrv2_tf.recipes.budget import few_epochs
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS


def notes(seconds=1200.0, decoding=0.0, given=None, step=0.3):
    facts = dataclasses.replace(SIGNS, seconds=seconds)
    recipe = recommend(facts)
    recipe.give({"pretrain": given or {}})
    found = StepTime(step, 10.0, DecodingTime(decoding))
    costs = stage_costs.costs_of(recipe, found)
    time_plan.plan(recipe, facts, costs, 20.0)
    return few_epochs.notes(recipe, facts, costs)


def test_a_plan_of_many_epochs_says_nothing():
    assert notes() == []


def test_too_few_epochs_are_told():
    (note,) = notes(seconds=300.0, step=0.9)
    assert "sees each image 23 times, and below 30 times" in note
    assert "--time_budget" in note


def test_many_million_images_teach_in_few_epochs():
    facts = dataclasses.replace(SIGNS, examples=2_000_000)
    recipe = recommend(facts)
    costs = stage_costs.costs_of(recipe, StepTime(0.3, 10.0))
    batch = recipe.options("pretrain")["train_batch_size"]
    for seen, said in ((9_000_000, 1), (11_000_000, 0)):
        steps = seen // batch
        recipe.choose("pretrain", "train_steps", steps, "why", "source")
        notes_ = few_epochs.notes(recipe, facts, costs)
        assert len(notes_) == said


def test_slow_decoding_is_told_with_what_helps():
    decoding, epochs = notes(decoding=0.05)
    assert "takes 12.8 s, longer than computing it" in decoding
    assert "tools/prepare_dataset.py" in decoding
    assert "so do smaller images" in epochs
    (alone,) = notes(decoding=0.05, seconds=24 * 3600.0)
    assert alone == decoding


@pytest.mark.parametrize("given", [{"train_steps": 9}, {"train_epochs": 3}])
def test_steps_that_are_given_are_not_judged(given):
    assert notes(given=given) == []
