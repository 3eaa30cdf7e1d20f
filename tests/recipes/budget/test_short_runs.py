"""Pilot runs and trials: no longer than they are worth."""

import dataclasses

import pytest

from simclrv2_tf.recipes.budget import short_runs
from simclrv2_tf.recipes.budget import stage_steps
from tests.recipes.test_rules import SIGNS
from tests.recipes.test_rules import planned

HALF_A_DAY = dataclasses.replace(SIGNS, seconds=12 * 3600.0)


def test_a_pilot_run_is_a_quarter_of_the_longest_pretraining():
    recipe = planned(HALF_A_DAY)
    steps = recipe.options("pilot")["train_steps"]
    assert steps == 200 * 1650 // 256
    longest = stage_steps.MOST_EPOCHS["pretrain"] * 1650 // 256
    assert recipe.options("pretrain")["train_steps"] == longest
    assert recipe.pilot_runs == 4
    assert recipe.seconds["pilots"] == pytest.approx(4 * (10 + 0.3 * steps))


@pytest.mark.parametrize(
    "given", [{"train_steps": 150}, {"train_epochs": 24, "train_steps": None}]
)
def test_a_pilot_run_is_no_longer_than_pretraining(given):
    recipe = planned(HALF_A_DAY, given={"pretrain": given})
    steps = recipe.options("pilot")["train_steps"]
    assert steps == (given["train_steps"] or 24 * 1650 // 256)
    assert recipe.seconds["pilots"] == pytest.approx(4 * (10 + 0.3 * steps))


def test_pretraining_that_tells_nothing_apart_has_no_pilots():
    few = {"pretrain": {"train_steps": short_runs.LEAST_PILOT_STEPS - 1}}
    recipe = planned(HALF_A_DAY, given=few)
    assert not recipe.pilot_runs and "pilots" not in recipe.seconds


@pytest.mark.parametrize(("fewest", "parts"), [(3, 3), (5, 5), (9, 5)])
def test_trials_say_how_many_labels_they_leave_out(fewest, parts):
    facts = dataclasses.replace(SIGNS, labelled=10 * fewest, fewest=fewest)
    recipe = planned(facts)
    (why,) = {r.why for r in recipe.of("trial") if r.option == "train_steps"}
    assert why == f"2 runs, each without one label in {parts}"


def test_steps_that_are_too_many_for_trials_are_not_tried():
    given = {"finetune": {"train_steps": 10_000}}
    recipe = planned(SIGNS, given=given)
    assert not recipe.trials and "trials" not in recipe.seconds
    longer = dataclasses.replace(SIGNS, seconds=8 * 3600.0)
    assert planned(longer, given=given).trials


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [(150, 200), pytest.param(250, 251, marks=pytest.mark.slow)],
)
def test_trials_are_longer_than_the_warmup_that_is_given(epochs, steps):
    given = {"finetune": {"warmup_epochs": float(epochs)}}  # of one batch
    recipe = planned(HALF_A_DAY, given=given)
    assert recipe.options("trial")["train_steps"] == steps
    given["finetune"]["warmup_epochs"] = 1e6
    assert not planned(HALF_A_DAY, given=given).trials
