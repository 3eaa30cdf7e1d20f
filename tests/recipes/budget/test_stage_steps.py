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


@pytest.mark.parametrize(
    ("given", "steps"), [({}, 50), ({"warmup_epochs": 8.0}, 81)]
)
def test_a_share_of_the_steps_is_longer_than_the_warmup(given, steps):
    recipe = Recipe(given={"distill": given})
    planned = {"train_batch_size": 10, "train_steps": 100, "warmup_epochs": 0.5}
    for option, value in planned.items():
        recipe.choose("distill", option, value, "why", "source")
    stage_steps.take_share(recipe, "distill", 0.5, "late", 100)
    assert recipe.options("distill")["train_steps"] == steps
