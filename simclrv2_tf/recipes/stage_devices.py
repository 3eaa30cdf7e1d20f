"""How many devices the batches of each stage of a job are shared by."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.recipes.folds import least_known
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import trial_options
from simclrv2_tf.recipes.rules.facts import Facts

ALONE = "one_device"
SOURCE = "a replica needs an image of each batch"


def replicas_of(strategy: Any, replicas: int) -> int:
    """Devices that share the batches of a stage.

    Args:
      strategy: That of the stage, None for the job's.
      replicas: Devices that the job shares its batches by.
    """
    return 1 if strategy == ALONE else replicas


def replicas(recipe: Recipe, stage: str, most: int) -> int:
    """The same of a stage as the recipe has it.

    Args:
      recipe: A `Recipe`.
      stage: Name of the stage.
      most: Devices that the job shares its batches by.
    """
    return replicas_of(recipe.options(stage).get("strategy"), most)


def choose(recipe: Recipe, facts: Facts) -> None:
    """Has stages of fewer labels than devices train on one of these.

    Args:
      recipe: A `Recipe` of the rules, with what the user gave.
      facts: `Facts`.
    """
    devices = facts.machine.accelerators
    for stage in ("finetune", "scratch") if facts.labelled else ():
        least = _least(recipe, stage, facts)
        if least < devices:
            why = f"{least:,} labels in a run are fewer than {devices} devices"
            recipe.choose(stage, "strategy", ALONE, why, SOURCE)


def _least(recipe, stage, facts):
    """Labels of the smallest run of a stage: some leave a part of them out."""
    if stage == "scratch":
        return facts.labelled
    parts = recipe.options(stage).get("best_folds", 0)
    if not parts and trial_options.wanted(recipe, facts.labelled, facts.fewest):
        parts = trial_options.parts(facts.fewest)
    return least_known(facts.labelled, parts) if parts else facts.labelled
