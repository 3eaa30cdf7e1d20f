"""The time of the images that a job's networks are judged on."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import gathered_facts
from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.budget import evaluation_time
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.reports import network_answers
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
    first = costs.first_pass["scratch"]  # all is kept in memory
    assert first == pytest.approx(50 * 0.06)
    assert costs.of_runs("scratch") == pytest.approx(
        costs.run + first + costs.evaluation["scratch"]
    )
    assert "scratch" not in costs.checks
    # Features are probed at three marks and beside an untrained network's, and
    # raw pixels: five passes over the labels.
    probed = 5 * 50 * 0.06
    first = costs.first_pass["pretrain"]
    assert first == pytest.approx(1650 * 0.06)
    seconds = costs.of_runs("pretrain") - costs.run - first
    assert seconds == pytest.approx(probed, abs=0.5)
    # The table's rows decode three times what they learn from and are asked.
    table = evaluation_time.DECODED * (50 + 5000) * 0.06
    last = costs.evaluation["distill"]
    taught = 50 * 0.06
    assert last == pytest.approx(5000 * 0.06 + table + taught, rel=0.01)
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


UNLABELLED = dataclasses.replace(
    SIGNS, examples=30_000, labelled=0, fewest=0, classes=0, seconds=7200.0
)


def test_what_follows_pretraining_without_labels_is_in_the_plan():
    """All images are decoded for their embeddings, and most for the page."""
    recipe = recommend(UNLABELLED)
    found = StepTime(0.3, 10.0, DecodingTime(0.06))
    costs = stage_costs.costs_of(recipe, found, ["pretrain"], UNLABELLED)
    time_plan.plan(recipe, UNLABELLED, costs, 20.0)
    assert list(recipe.seconds) == ["embed", "page", "pretrain"]
    embedding, page, pretraining = recipe.seconds.values()
    assert embedding == pytest.approx(30_000 * 0.06, rel=0.01)
    assert page == pytest.approx(20_000 * 0.06, rel=0.01)
    assert pretraining == pytest.approx(7180 - 3000, rel=0.01)
    assert evaluation_time.ON_THE_PAGE == network_answers.MOST_JUDGED


def test_a_job_that_embeds_alone_takes_its_time():
    """Nothing is trained, and there is no page."""
    recipe = recommend(UNLABELLED)
    recipe.left_out.append("pretrain")
    found = StepTime(0.3, 10.0, DecodingTime(0.06))
    costs = stage_costs.costs_of(recipe, found, ["pretrain"], UNLABELLED)
    time_plan.plan(recipe, UNLABELLED, costs, 20.0)
    assert list(recipe.seconds) == ["embed"]
    seconds = 30_000 * 0.06 + stage_costs.ENDING
    assert recipe.seconds["embed"] == pytest.approx(seconds, rel=0.01)


@pytest.mark.parametrize(
    ("option", "ends"), [({"patience": 3}, 1), ({"export_best": "loss"}, 2)]
)
def test_each_checkpoint_is_evaluated_where_they_are_compared(option, ends):
    """And the best once more; a stage without such an option is not."""
    facts = dataclasses.replace(MANY, examples=16_500, seconds=4 * 3600.0)
    recipe, costs = costs_of(facts, given={"distill": option})
    usual = costs_of(facts)[1]
    each = 5000 * 0.06  # seconds of an evaluation
    time_plan.plan(recipe, facts, costs, 20.0)
    options, planned = recipe.options("distill"), recipe.seconds["distill"]
    count = options["train_steps"] / options["checkpoint_steps"]
    assert count > 1
    training = options["train_steps"] * costs.step["distill"]
    beside = usual.of_runs("distill") + (count + ends) * each
    assert planned == pytest.approx(training + beside, rel=0.03)
    assert list(costs.checks) == ["distill"]
    total = sum(recipe.seconds.values()) + 20
    assert total == pytest.approx(facts.seconds, rel=0.03)


def test_checkpoints_that_are_given_are_those_that_are_evaluated():
    given = {"patience": 3, "checkpoint_steps": 50}
    _, costs = costs_of(MANY, given={"finetune": given})
    assert costs.checks["finetune"] == pytest.approx(6.0, rel=0.01)
    given = {"patience": 3, "checkpoint_epochs": 20}  # of a batch each
    _, costs = costs_of(MANY, given={"finetune": given})
    assert costs.checks["finetune"] == pytest.approx(15.0, rel=0.01)


def test_folds_evaluate_what_they_leave_out():
    given = {"patience": 3, "best_folds": 5, "checkpoint_steps": 50}
    _, costs = costs_of(MANY, given={"finetune": given})
    assert costs.checks["finetune"] == pytest.approx(50 * 0.06 / 50, rel=0.01)


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
    facts = gathered_facts.gather(
        config, data, image_sample.look_at(data.train)
    )
    assert facts.evaluated == data.evaluation.num_examples == 360


def test_folds_are_runs_of_their_stage():
    """One more for each part of the labels that is left out."""
    own = {"best_folds": 5, "learning_rate": 0.01, "patience": 2}
    given = {"scratch": {**own, "train_steps": 100}, "finetune": own}
    recipe, costs = costs_of(SIGNS, image=0.0, given=given)
    assert costs.runs == {
        "pretrain": 1,
        "distill": 1,
        **dict.fromkeys(given, 6),
    }
    time_plan.plan(recipe, SIGNS, costs, 20.0)
    steps = recipe.options("finetune")["train_steps"]
    each = costs.step["finetune"]
    seconds = 6 * (steps * each + costs.run)
    assert recipe.seconds["finetune"] == pytest.approx(seconds, abs=0.5)
    scratch = 6 * (100 * costs.step["scratch"] + costs.run)
    assert recipe.seconds["scratch"] == pytest.approx(scratch, abs=0.5)
    assert sum(recipe.seconds.values()) + 20 == pytest.approx(1200, rel=0.03)
