"""Self-distillation, where there is no time to teach a smaller network.

A student that starts from nothing needs some hundred steps to become its
teacher. One that has the teacher's network and its weights needs few.
"""

from __future__ import annotations

import copy

from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.facts import Facts

FEW = 400  # steps in which a smaller student does not become its teacher
RATE = 0.005  # by 0.2 the weights are lost (benchmarks/recipes.md)
SOURCE = "benchmarks/recipes.md; SimCLRv2, Chen et al. 2020, self-distillation"
_HEAD = ("proj_head_mode", "num_proj_layers", "ft_proj_selector")
STAGES = ("distill", "scratch")  # those that have another network by it
# Given for the student, these say what it is or how it learns.
_OWN = (
    "backbone",
    "checkpoint",
    "learning_rate",
    "learning_rate_scaling",
    "optimizer",
    "proj_out_dim",
    "student",
    "train_epochs",
    "train_steps",
    *_HEAD,
)


def is_due(recipe: Recipe, facts: Facts, costs: Costs, spent: float) -> bool:
    """Whether distillation has so few steps, and may be of the teacher itself.

    Args:
      recipe: A `Recipe` whose steps are not chosen yet; it is not changed.
      facts: `Facts`.
      costs: `Costs`.
      spent: Seconds of the budget that are gone.
    """
    if not facts.labelled or not _may_be(recipe):
        return False
    tried = time_plan.tried(recipe, facts, costs, spent)
    return tried.options("distill")["train_steps"] < FEW


def _may_be(recipe):
    """Whether nothing that was given says otherwise."""
    given, teacher = recipe.given.get("distill", {}), recipe.options("finetune")
    if any(name in given for name in _OWN) or teacher.get("backbone"):
        return False
    if teacher["ft_proj_selector"]:  # scratch has no head to read
        return False
    names = [name for name in describing(Config, BACKBONE) if name in given]
    return all(given[name] == teacher.get(name) for name in names)


def chosen(recipe: Recipe) -> Recipe:
    """A copy whose student has its teacher's network, and starts from it."""
    recipe = copy.deepcopy(recipe)
    teacher = recipe.options("finetune")
    why = "the teacher's: there is no time to teach a smaller network"
    for stage in STAGES:
        for name in describing(Config, BACKBONE):
            if name in teacher:
                recipe.choose(stage, name, teacher[name], why, SOURCE)
    for name in _HEAD:
        value = teacher.get(name, getattr(Config, name))
        recipe.choose("distill", name, value, why, SOURCE)
    why = "times batch / 256: what the student starts from must not be lost"
    recipe.choose("distill", "learning_rate", RATE, why, SOURCE)
    recipe.self_distillation = True
    recipe.notes.append(
        f"there is no time for {FEW} steps of distillation, in fewer of which "
        "a smaller network learns little: the student has its teacher's "
        "network and starts from its weights; a longer --time_budget makes a "
        "smaller one"
    )
    return recipe
