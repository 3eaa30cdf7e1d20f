"""How often a stage saves and tells."""

import pytest

from simclrv2_tf.recipes.budget import stage_steps
from simclrv2_tf.recipes.job_recipe import Recipe


@pytest.mark.parametrize(
    ("steps", "seconds", "every"),
    [(1000, 0.1, 600), (1000, 30.0, 2), (8, 0.1, 8), (8, 600.0, 1)],
)
def test_a_kill_costs_a_minute_at_most(steps, seconds, every):
    recipe = Recipe()
    stage_steps.choose_pace(recipe, "pretrain", steps, seconds)
    assert recipe.options("pretrain")["checkpoint_steps"] == every


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (2, 1), (16, 4)])
def test_of_steps_of_unknown_length_a_few_are_lost(steps, every):
    recipe = Recipe()
    stage_steps.choose_pace(recipe, "pretrain", steps, None)
    assert recipe.options("pretrain")["checkpoint_steps"] == every
    (why,) = (r.why for r in recipe.reasons if r.option == "checkpoint_steps")
    assert "not known" in why and "minute" not in why and " min" not in why
