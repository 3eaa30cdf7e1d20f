"""The other of two rates is tried, where many labels have the higher one."""

import dataclasses

import pytest

from simclrv2_tf.recipes.batch_rates import choose_rates
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import trial_options
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.machine import Machine
from simclrv2_tf.recipes.rules.rate_scale import rate_scale
from simclrv2_tf.recipes.rules.teacher_ways import ALONE
from simclrv2_tf.recipes.rules.teacher_ways import LOWER
from simclrv2_tf.recipes.rules.teacher_ways import PROBE
from simclrv2_tf.recipes.rules.teacher_ways import USUAL
from simclrv2_tf.recipes.rules.teacher_ways import WHOLE
from simclrv2_tf.recipes.rules.teacher_ways import ways

LAPTOP = Machine(2, 0, True, 16e9)


def unequal(labelled, **options):
    """A recipe of ten classes, of which the smallest has 20 labels."""
    facts = Facts(5_000, labelled, 20, 10, 100, 3, LAPTOP, 1200.0)
    facts = dataclasses.replace(facts, given=options)
    recipe = recommend(facts)
    recipe.give({"finetune": options})
    choose_rates(recipe, facts)
    recipe.choose("trial", "train_steps", 5, "why", "source")
    return recipe


def scaled_rates(recipe):
    """{way: rate after scaling}"""
    usual = recipe.options("finetune")
    return {
        name: {**usual, **way}["learning_rate"] * rate_scale(usual)
        for name, way in ways(recipe).items()
    }


@pytest.mark.parametrize("options", [{}, {"learning_rate_scaling": "sqrt"}])
@pytest.mark.parametrize(
    ("labelled", "name", "usual", "other"),
    [(490, WHOLE, 0.0005, 0.01), (500, LOWER, 0.01, 0.0005)],
)
def test_all_weights_are_tried_at_both_rates(
    labelled, name, usual, other, options
):
    recipe = unequal(labelled, **options)
    rates = scaled_rates(recipe)
    assert list(rates) == [USUAL, PROBE, name, ALONE]
    assert rates[PROBE] == 0.0
    assert rates[USUAL] == pytest.approx(usual, rel=1e-3)
    assert rates[name] == pytest.approx(other, rel=1e-3)
    assert ways(recipe)[name]["fine_tune_after_block"] == -1
    # As many runs as an earlier version has planned.
    assert trial_options.runs(recipe, labelled) == 6


def test_a_job_that_tried_the_higher_rate_twice_goes_on_with_it():
    recipe = unequal(500)
    teacher_trials._follow(recipe, WHOLE, "why", 500)
    options = recipe.options("finetune")
    assert options["learning_rate"] * rate_scale(options) == pytest.approx(0.01)
    assert options["train_steps"] == 5
