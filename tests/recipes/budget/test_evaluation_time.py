"""The time of the images that a job's networks are judged on."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.budget import evaluation_time
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS

MANY = dataclasses.replace(SIGNS, evaluated=5000)
ALL = ("finetune", "distill", "scratch")


def costs_of(facts, image=0.06, given=None):
    recipe = recommend(facts)
    recipe.give(given or {})
    found = StepTime(0.3, 10.0, DecodingTime(image, kept=("pretrain", *ALL)))
    return recipe, stage_costs.costs_of(recipe, found, facts=facts)


def test_each_run_decodes_what_it_is_evaluated_on():
    _, costs = costs_of(MANY)
    assert costs.evaluation["scratch"] == pytest.approx(5000 * 0.06, rel=0.01)
    assert costs.of_runs("scratch") == costs.run + costs.evaluation["scratch"]
    assert costs.of_runs("pretrain") == pytest.approx(costs.run, abs=0.5)
    # The table's rows decode three times what they learn from and are asked.
    table = evaluation_time.DECODED * (50 + 5000) * 0.06
    last = costs.evaluation["distill"]
    assert last == pytest.approx(5000 * 0.06 + table, rel=0.01)
    assert sum(costs.evaluation.values()) == pytest.approx(1800, rel=0.05)


def test_a_pass_is_a_third_of_what_an_image_takes_of_a_step():
    _, costs = costs_of(MANY, image=0.0)
    each = 0.3 / (2 * 256) / 3  # of two views
    seconds = costs.evaluation["finetune"]
    assert seconds == pytest.approx(5000 * each, abs=0.01)


def test_few_images_cost_next_to_nothing():
    _, costs = costs_of(dataclasses.replace(SIGNS, evaluated=360), image=0.0)
    assert 0 < sum(costs.evaluation.values()) < 1
    assert costs_of(SIGNS)[1].evaluation["scratch"] == 0


def test_what_is_not_asked_for_takes_no_time():
    some = {"eval_steps": 2, "eval_batch_size": 100}
    assert evaluation_time.evaluated(some, MANY) == 200
    assert evaluation_time.evaluated({"eval_steps": 10**6}, MANY) == 5000
    usual = {"eval_steps": 1}
    usual = evaluation_time.evaluated(usual, MANY)
    assert usual == Config.eval_batch_size


def test_the_plan_keeps_its_time():
    facts = dataclasses.replace(MANY, seconds=3600.0)
    recipe, costs = costs_of(facts)
    time_plan.plan(recipe, facts, costs, 20.0)
    assert sum(recipe.seconds.values()) + 20 == pytest.approx(3600, rel=0.03)
    assert recipe.seconds["distill"] > costs.evaluation["distill"]


def test_a_time_that_nobody_gave_has_the_evaluation_beside():
    facts = dataclasses.replace(MANY, seconds=600.0, seconds_given=False)
    recipe, costs = costs_of(facts)
    longer = default_time.as_measured(facts, recipe, costs)
    assert longer.seconds > 600 + 1700


def test_a_job_counts_what_it_evaluates_on():
    config = Config(mode="recommend", dataset="digits")
    data = open_data(config)
    facts = make_recipe.gather(config, data, image_sample.look_at(data.train))
    assert facts.evaluated == data.evaluation.num_examples == 360


def test_folds_are_runs_of_their_stage():
    """One more for each part of the labels that is left out."""
    own = {"best_folds": 5, "learning_rate": 0.01, "patience": 2}
    given = {"scratch": {**own, "train_steps": 100}, "finetune": own}
    recipe, costs = costs_of(SIGNS, given=given)
    assert costs.runs == {
        "pretrain": 1,
        "distill": 1,
        **dict.fromkeys(given, 6),
    }
    time_plan.plan(recipe, SIGNS, costs, 20.0)
    steps = recipe.options("finetune")["train_steps"]
    each = costs.step["finetune"]
    seconds = 6 * (steps * each + costs.run)
    assert recipe.seconds["finetune"] == pytest.approx(seconds, abs=0.1)
    scratch = 6 * (100 * costs.step["scratch"] + costs.run)
    assert recipe.seconds["scratch"] == pytest.approx(scratch)
    assert sum(recipe.seconds.values()) + 20 == pytest.approx(1200, rel=0.03)
