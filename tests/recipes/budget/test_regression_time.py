"""The time of a job's logistic regressions, which its plan has."""

import dataclasses

import pytest

from simclrv2_tf.recipes.budget import regression_time
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.image_pass import ImagePass
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import LAPTOP
from tests.recipes.test_rules import SERVER
from tests.recipes.test_rules import SIGNS

DIGITS = dataclasses.replace(
    SIGNS, examples=1437, labelled=200, fewest=20, channels=1, evaluated=360
)
# As many labels as are looked at, of a thousand classes.
CLASSES = dataclasses.replace(
    SIGNS,
    examples=100_000,
    labelled=20_000,
    fewest=20,
    classes=1000,
    side=224,
    evaluated=10_000,
    seconds=12 * 3600.0,
    given={"resnet_depth": 50, "width_multiplier": 1, "image_size": 224},
)
OWN = dict.fromkeys(("pretrain", "finetune"), CLASSES.given)


def costs_of(facts, given=None):
    recipe = recommend(facts)
    recipe.give(given or {})
    found = StepTime(0.3, 10.0)
    return recipe, stage_costs.costs_of(recipe, found, facts=facts)


def test_a_fit_is_as_long_as_what_was_measured():
    few = regression_time.of_fit(2000, 100, 512, LAPTOP)
    assert 0.46 < few < 4 * 0.46  # what was measured was easy
    pixels = 5 * regression_time.of_fit(794, 62, 3072, LAPTOP)
    assert 5 < pixels < 15
    many = regression_time.of_fit(20_000, 1000, 2048, LAPTOP)
    assert 10 * 60 < many < 15 * 60


def test_two_classes_have_one_row_of_weights():
    two, three = (
        regression_time.of_fit(900, classes, 512, LAPTOP) for classes in (2, 3)
    )
    assert three == pytest.approx(3 * two)


def test_few_numbers_take_one_core_and_many_all_that_there_is():
    few, many = (900, 10, 512), (20_000, 1000, 2048)
    slow = dataclasses.replace(LAPTOP, slowness=2.0)
    for size in (few, many):
        usual = regression_time.of_fit(*size, LAPTOP)
        slower = regression_time.of_fit(*size, slow)
        assert slower == pytest.approx(2 * usual)
    assert regression_time.of_fit(*few, SERVER) == regression_time.of_fit(
        *few, LAPTOP
    )
    faster = regression_time.of_fit(*many, SERVER)
    assert faster < 0.3 * regression_time.of_fit(*many, LAPTOP)


def test_a_small_job_hardly_takes_longer():
    _, costs = costs_of(DIGITS)
    times = costs.regressions
    assert 0 < sum(times.of_stages(costs.runs).values()) < 1.5
    assert 0 < times.of_pilots(4) < 1
    assert times.start < 0.1


def test_each_regression_reads_its_images_first():
    """Of photographs of 12 megapixels that takes longer than itself."""
    photos = dataclasses.replace(
        SIGNS, examples=1500, labelled=1000, fewest=100, side=3000
    )
    recipe, image = recommend(photos), 0.05
    none, times = (
        regression_time.reckon(recipe, photos, ImagePass(seconds))
        for seconds in (0.0, image)
    )
    once = 1000 * image
    assert times.probe - none.probe == pytest.approx(once)
    assert times.compared - none.compared == pytest.approx(2 * once)
    assert times.start - none.start == pytest.approx(once)
    assert times.teacher == pytest.approx(once) and times.table == none.table
    pilots = times.of_pilots(2) - none.of_pilots(2)
    assert pilots == pytest.approx(4 * once)
    stages = times.of_stages({"pretrain": 1, "finetune": 1, "distill": 1})
    assert stages["pretrain"] > 5 * once and stages["finetune"] > once
    lone = dataclasses.replace(photos, fewest=1)
    alone = regression_time.reckon(recipe, lone, ImagePass(image))
    assert alone.probe == 0


def test_a_job_without_labels_has_none():
    alone = dataclasses.replace(SIGNS, labelled=0, fewest=0, classes=0)
    assert regression_time.reckon(recommend(alone), alone) == (
        regression_time.RegressionTime()
    )


def test_many_labels_of_many_classes_are_in_the_plan():
    recipe, costs = costs_of(CLASSES, OWN)
    table = regression_time.of_fit(20_000, 1000, 2048, LAPTOP)
    assert costs.regressions.table == table
    assert costs.regressions.start == pytest.approx(table, rel=0.01)
    assert costs.evaluation["distill"] > table
    assert costs.of_runs("finetune") > costs.run + table
    # Two thousand labels are probed, half of them at a time.
    probe = 2 * regression_time.of_fit(1000, 1000, 2048, LAPTOP)
    assert costs.regressions.probe == pytest.approx(probe, rel=0.02)
    assert costs.of_runs("pretrain") > costs.run + 4 * probe
    time_plan.plan(recipe, CLASSES, costs, 20.0)
    assert recipe.seconds["distill"] > table
    planned = sum(recipe.seconds.values()) + 20
    assert planned == pytest.approx(CLASSES.seconds, rel=0.03)


def test_without_an_evaluation_each_fold_is_left_out():
    _, costs = costs_of(dataclasses.replace(CLASSES, evaluated=0), OWN)
    fold = regression_time.of_fit(16_000, 1000, 2048, LAPTOP)
    assert costs.regressions.table == pytest.approx(5 * fold)


def test_a_class_with_one_label_leaves_nothing_to_probe():
    one = dataclasses.replace(CLASSES, fewest=1)
    times = costs_of(one, OWN)[1].regressions
    assert times.probe == times.compared == 0 < times.table


def test_each_run_of_fine_tuning_starts_from_one():
    folds = {"best_folds": 5, "patience": 2}
    given = {**OWN, "finetune": {**CLASSES.given, **folds}}
    for options, starts in ((given, 6), (OWN, 1)):
        _, costs = costs_of(CLASSES, options)
        times = costs.regressions.of_stages(costs.runs)
        assert times["finetune"] == starts * costs.regressions.start
    without = {**CLASSES.given, "linear_probe_init": False}
    _, costs = costs_of(CLASSES, {**OWN, "finetune": without})
    assert costs.regressions.start == 0 < costs.regressions.table


def test_pretraining_that_is_left_out_is_not_probed():
    recipe = recommend(CLASSES)
    recipe.give(OWN)
    recipe.left_out.append("pretrain")
    costs = stage_costs.costs_of(recipe, StepTime(0.3, 10.0), facts=CLASSES)
    assert "pretrain" not in costs.evaluation


def test_pilot_runs_and_trials_have_them_in_their_time():
    many = dataclasses.replace(CLASSES, seconds=10 * 24 * 3600.0)
    recipe, costs = costs_of(many, OWN)
    time_plan.plan(recipe, many, costs, 20.0)
    times = costs.regressions
    steps = recipe.options("pilot")["train_steps"]
    pilots = recipe.pilot_runs * (10 + 0.3 * steps)
    judging = (recipe.pilot_runs + 1) * times.probe
    assert recipe.seconds["pilots"] > pilots + judging
    assert recipe.trials and recipe.seconds["trials"] > 3 * times.start
