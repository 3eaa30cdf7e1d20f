"""A student that starts as its teacher, where there is no time for another."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import self_distillation
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS

SHORT = dataclasses.replace(SIGNS, seconds=300.0)
SPENT = 20.0


def recipe_of(**given):
    """A recipe with options of distillation, before its steps are chosen."""
    recipe = recommend(SHORT)
    recipe.give({"distill": given, "scratch": {}})
    return recipe


def costs_of(recipe):
    return stage_costs.costs_of(recipe, StepTime(1.0, 10.0))


def is_due(recipe, facts=SHORT):
    costs = costs_of(recipe)
    return self_distillation.is_due(recipe, facts, costs, SPENT)


def test_it_is_due_where_there_is_no_time_for_some_hundred_steps():
    assert is_due(recipe_of())
    hours = dataclasses.replace(SHORT, seconds=4 * 3600.0)
    assert not is_due(recipe_of(), hours)
    assert not is_due(recipe_of(), dataclasses.replace(SHORT, labelled=0))


def test_asking_changes_nothing():
    recipe = recipe_of()
    before = recipe.to_json()
    is_due(recipe)
    assert recipe.to_json() == before


@pytest.mark.parametrize(
    "given",
    [
        {"train_steps": 50},
        {"learning_rate": 0.2},
        {"width_multiplier": 0.125},
        {"proj_head_mode": "none"},
        {"proj_out_dim": 64},
        {"checkpoint": "own"},
        {"student": "keras:MobileNetV2"},
    ],
)
def test_what_the_user_gave_stays(given):
    assert not is_due(recipe_of(**given))


def test_the_teachers_own_network_may_be_given():
    width = recipe_of().options("finetune")["width_multiplier"]
    assert is_due(recipe_of(width_multiplier=width))


def test_a_classifier_that_reads_the_head_is_not_started_from():
    recipe = recipe_of()
    recipe.choose("finetune", "ft_proj_selector", 1, "-", "-")
    assert not is_due(recipe)


def test_student_and_network_from_scratch_have_the_teachers_network():
    before = recipe_of()
    recipe = self_distillation.chosen(before)
    assert before.to_json() == recipe_of().to_json()
    teacher, student, scratch = (
        recipe.options(stage) for stage in ("finetune", "distill", "scratch")
    )
    for name in ("resnet_depth", "width_multiplier", "image_size", "channels"):
        assert student[name] == scratch[name] == teacher[name]
    assert student["proj_head_mode"] == Config.proj_head_mode
    assert student["num_proj_layers"] == teacher["num_proj_layers"]
    assert scratch["proj_head_mode"] == "none"
    assert student["learning_rate"] == self_distillation.RATE
    assert "starts from its weights" in recipe.notes[-1]


def test_the_student_starts_from_its_teacher():
    config = Config(train_mode="semi_supervised", model_dir="job")
    recipe = recipe_of()
    time_plan.plan(recipe, SHORT, costs_of(recipe), SPENT)

    def begins(recipe):
        stage = stage_configs.config_of(config, recipe, "distill", {}, False)
        return stage.teacher, stage.checkpoint

    assert begins(recipe) == ("job/finetuned", None)
    recipe = self_distillation.chosen(recipe)
    assert begins(recipe) == ("job/finetuned", "job/finetuned")
    again = Recipe.from_json(recipe.to_json())
    assert begins(again) == ("job/finetuned", "job/finetuned")


def test_the_teacher_is_read_as_it_is():
    """However weights that were given for pretraining are."""
    config = Config(
        train_mode="semi_supervised",
        model_dir="job",
        checkpoint="x.pth",
        checkpoint_ignore="projector",
        checkpoint_ema=True,
    )
    recipe = recipe_of()
    recipe.give(stage_configs.given(config))
    time_plan.plan(recipe, SHORT, costs_of(recipe), SPENT)
    recipe = self_distillation.chosen(recipe)
    student = stage_configs.config_of(config, recipe, "distill", {}, False)
    assert student.checkpoint == "job/finetuned"
    assert not student.checkpoint_ema and student.checkpoint_ignore is None
    assert not student.zero_init_logits_layer


def test_pretraining_has_the_time_that_it_saves():
    plain, other = recipe_of(), self_distillation.chosen(recipe_of())
    facts = dataclasses.replace(SHORT, seconds=600.0)
    for recipe in (plain, other):
        time_plan.plan(recipe, facts, costs_of(recipe), SPENT)
    assert other.seconds["pretrain"] > 1.1 * plain.seconds["pretrain"]
    total = sum(other.seconds.values()) + SPENT
    assert total == pytest.approx(600, rel=0.05)


def test_it_has_some_steps_and_at_most_a_quarter_of_the_time():
    steps = []
    for seconds in (150.0, 300.0, 1200.0):
        recipe = self_distillation.chosen(recipe_of())
        facts = dataclasses.replace(SHORT, seconds=seconds)
        time_plan.plan(recipe, facts, costs_of(recipe), SPENT)
        steps.append(recipe.options("distill")["train_steps"])
    assert steps[0] < time_plan.SELF_STEPS < steps[2]
    assert steps[1] == pytest.approx(time_plan.SELF_STEPS, abs=1)


def test_the_flagfile_says_what_belongs_to_it():
    recipe = self_distillation.chosen(recipe_of())
    assert "the same as --teacher" in recipe_text.flagfile(recipe, "distill")
    assert "--teacher" not in recipe_text.flagfile(recipe, "scratch")
    assert "--teacher" not in recipe_text.flagfile(recipe_of(), "distill")


def test_recipes_of_earlier_versions_have_another_student():
    values = recipe_of().to_json()
    del values["self_distillation"]
    assert not Recipe.from_json(values).self_distillation
