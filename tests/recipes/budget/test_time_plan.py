"""The plan keeps its time, and says what is too little."""

import dataclasses
import re

import pytest

from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget import too_little_time
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS
from tests.recipes.test_rules import planned

WEIGHTS = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}


def from_weights(seconds, given=None, **changes):
    """The plan where pretraining is left out; a step of 16 images is 4 s."""
    facts = dataclasses.replace(
        SIGNS, side=512, initial=WEIGHTS, seconds=seconds, **changes
    )
    recipe = recommend(facts)
    recipe.give(given or {})
    given_weights.start_from(recipe, facts)
    costs = stage_costs.costs_of(recipe, StepTime(4.0, 20.0))
    time_plan.plan(recipe, facts, costs, 20.0)
    return recipe


def minutes_needed(plan, seconds):
    """What the error says, which is longer than it was given, and enough."""
    with pytest.raises(ValueError, match=r"--time_budget=\d+:\d\d") as error:
        plan(seconds)
    hours, minutes = re.search(r"needs (\d+):(\d\d)", str(error.value)).groups()
    needed = 60 * int(hours) + int(minutes)
    assert 60 * needed > seconds
    plan(60.0 * needed)
    with pytest.raises(ValueError):
        plan(60.0 * (needed - 1))
    return str(error.value)


def test_given_steps_on_the_labels_are_in_the_plan():
    given = {"finetune": {"train_steps": 10_000}}
    recipe = planned(SIGNS, given=given)
    assert sum(recipe.seconds.values()) + 20 == pytest.approx(1200, rel=0.03)


@pytest.mark.parametrize(
    "stage", [pytest.param("finetune", marks=pytest.mark.slow), "scratch"]
)
def test_given_steps_on_the_labels_are_in_the_time_that_is_needed(stage):
    given = {stage: {"train_steps": 100_000}}

    def plan(seconds):
        return planned(dataclasses.replace(SIGNS, seconds=seconds), given=given)

    said = minutes_needed(plan, 1200.0)
    assert "must allow an epoch of pretraining" in said
    assert "Received: 20 min 00 s for 1,650 images" in said


def test_the_time_for_an_epoch_is_enough():
    def plan(seconds):
        return planned(
            dataclasses.replace(SIGNS, examples=10**6, seconds=seconds)
        )

    assert "pretraining" in minutes_needed(plan, 600.0)


def test_weights_that_are_given_need_an_epoch_of_distillation():
    said = minutes_needed(from_weights, 120.0)
    assert "must allow an epoch of distillation" in said
    recipe = from_weights(4 * 3600.0)
    options = recipe.options("distill")
    assert options["train_steps"] * options["train_batch_size"] > SIGNS.examples


def test_steps_of_distillation_that_are_given_need_no_epoch():
    given = {"distill": {"train_steps": 3}}
    assert from_weights(300.0, given).options("distill")["train_steps"] == 3


def test_a_time_that_nobody_gave_is_told_as_such():
    short = dataclasses.replace(
        SIGNS, examples=10**7, seconds=600.0, seconds_given=False
    )
    with pytest.raises(ValueError, match="Received: none, which is 10 min"):
        planned(short)


BIG = [
    ("distill", {"train_steps": 1_500}, "pretrain"),
    ("pretrain", {"train_epochs": 350}, "distill"),
]


@pytest.mark.parametrize(("stage", "length", "other"), BIG)
def test_given_steps_of_a_big_stage_are_in_the_budget(stage, length, other):
    """Whatever they leave is the other big stage's."""
    recipe = planned(SIGNS, given={stage: length})
    assert sum(recipe.seconds.values()) + 20 == pytest.approx(1200, rel=0.03)
    rest = {s: v for s, v in recipe.seconds.items() if s != stage}
    assert recipe.seconds[other] > 0.5 * sum(rest.values())


@pytest.mark.parametrize(
    ("stage", "length", "other"),
    [BIG[0], pytest.param(*BIG[1], marks=pytest.mark.slow)],
)
def test_given_steps_of_a_big_stage_may_leave_no_epoch(stage, length, other):
    (name, number), words = *length.items(), too_little_time._CALLED[other]
    given = {stage: {name: 100 * number}}
    network = {"resnet_depth": 18, "width_multiplier": 0.25}

    def plan(seconds):
        facts = dataclasses.replace(SIGNS, seconds=seconds, given=network)
        return planned(facts, given=given)

    assert f"must allow an epoch of {words}" in minutes_needed(plan, 1200.0)


def test_steps_that_are_given_for_all_stages_need_no_time():
    given = {stage: {"train_steps": 10**6} for stage in STAGES}
    assert planned(SIGNS, given=given).seconds["distill"] > 1200


def test_few_steps_for_each_stage_of_the_job():
    recipe, facts = recommend(SIGNS), SIGNS
    few = {stage: {"train_steps": 16} for stage in STAGES}

    def all_given(most=16, **changed):
        recipe.give({**few, **changed})
        return time_plan.all_given(recipe, facts, most)

    assert all_given() and not all_given(15)
    assert not all_given(distill={})
    assert not all_given(pretrain={"train_epochs": 100})
    assert all_given(pretrain={"train_epochs": 2})  # 12 steps
    recipe.left_out.append("pretrain")
    assert all_given(pretrain={})


def test_steps_that_are_given_leave_an_epoch_where_nobody_gave_a_budget():
    facts = dataclasses.replace(
        SIGNS, labelled=50_000, examples=50_000, seconds=600.0
    )
    facts = dataclasses.replace(facts, seconds_given=False)
    recipe = recommend(facts)
    recipe.give({"pretrain": {"train_steps": 400}})
    costs = stage_costs.costs_of(recipe, StepTime(1.0, 20.0))
    with pytest.raises(ValueError, match="Received: none, which is 10 min"):
        time_plan.plan(recipe, facts, costs, 20.0)
    longer = time_plan.with_an_epoch(recipe, facts, costs, 20.0)
    time_plan.plan(recipe, longer, costs, 20.0)
    assert recipe.options("pretrain")["train_steps"] == 400
    assert longer.seconds > 600 and longer.seconds % 60 == 0


def test_a_budget_that_was_given_stays_too_little():
    facts = dataclasses.replace(SIGNS, examples=10**6, seconds=600.0)
    recipe = recommend(facts)
    costs = stage_costs.costs_of(recipe, StepTime(1.0, 20.0))
    assert time_plan.with_an_epoch(recipe, facts, costs, 20.0) is facts
    vast = dataclasses.replace(facts, examples=10**9, seconds_given=False)
    assert time_plan.with_an_epoch(recipe, vast, costs, 20.0) is vast


def test_nothing_is_given_to_a_job_without_stages():
    facts = dataclasses.replace(SIGNS, labelled=0)
    recipe = recommend(facts)
    recipe.left_out.append("pretrain")
    assert not time_plan.all_given(recipe, facts, 16)


MANY = {"labelled": 1000, "fewest": 100, "examples": 20_000}


@pytest.mark.parametrize("given", [{}, {"distill": {"train_steps": 3_000}}])
def test_scratch_has_as_long_as_distillation_where_labels_are_many(given):
    """Else a network that is trained for a moment would flatter the method."""
    facts = dataclasses.replace(SIGNS, seconds=4 * 3600.0, **MANY)
    recipe = planned(facts, given=given)
    seconds = recipe.seconds
    assert seconds["scratch"] == pytest.approx(seconds["distill"], rel=0.03)
    assert sum(seconds.values()) + 20 == pytest.approx(4 * 3600, rel=0.03)
    (why,) = {r.why for r in recipe.of("scratch") if r.option == "train_steps"}
    assert why.startswith("as many seconds as distillation")


def test_scratch_has_its_epochs_where_labels_are_fewer_or_steps_given():
    many = dataclasses.replace(SIGNS, seconds=4 * 3600.0, **MANY)
    few = dataclasses.replace(many, labelled=990, fewest=99)
    steps = planned(few).options("scratch")["train_steps"]
    assert steps == 60 * 990 // 64
    given = {"scratch": {"train_steps": 7}}
    assert planned(many, given=given).options("scratch")["train_steps"] == 7
    short = dataclasses.replace(many, seconds=900.0)
    options = planned(short).options("scratch")
    assert options["train_steps"] >= 30 * 1000 // 64
