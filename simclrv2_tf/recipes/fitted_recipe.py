"""What the rules choose for the largest network that the memory holds."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes import image_notes
from simclrv2_tf.recipes import network_checks
from simclrv2_tf.recipes import rate_checks
from simclrv2_tf.recipes import stage_checks
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes import stage_devices
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import short_runs
from simclrv2_tf.recipes.budget.image_memory import ImageMemory
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.facts import Facts


class Limits(NamedTuple):
    """What the memory of a job is fitted to, as `memory_fit.fit` takes it."""

    memory_budget: float
    replicas: int
    stages: tuple[str, ...]
    initial: dict
    images: ImageMemory


def fitted(
    config: Config, data: JobData, facts: Facts, limits: Limits
) -> tuple[Facts, Recipe]:
    """The recipe of the largest network that the memory holds, and its facts.

    Trials give way to it, and then pilot runs.

    Args:
      config: The job's `Config`.
      data: Its `JobData`.
      facts: `Facts`.
      limits: `Limits`.

    Raises:
      ValueError: If it does not hold the smallest there is a choice of.
    """
    recipe = _by_rules(config, data, facts)
    for count in short_runs.most(recipe, facts):
        fitting = dataclasses.replace(recipe, notes=[*recipe.notes])
        try:
            memory_fit.fit(fitting, *limits, short_runs=count)
        except ValueError as error:
            refused = error
            continue
        fitting.notes += _of_the_network(facts)
        return dataclasses.replace(facts, short_runs=count), fitting
    smaller = network_sizes.smaller(facts)
    if smaller is None:
        raise refused
    return fitted(config, data, smaller, limits)


def _of_the_network(facts):
    """That it is smaller, as the memory does not hold another one."""
    if facts.largest != network_sizes.choose(facts):
        return []
    return [
        "the network is smaller than the time allows: the memory does not "
        "hold a larger one"
    ]


def _by_rules(config, data, facts):
    """What the rules choose beside what is given, and that it can be run."""
    recipe = recommend(facts)
    recipe.give(stage_configs.given(config, facts.pretrained))
    given_weights.start_from(recipe, facts)
    stage_devices.choose(recipe, facts)
    recipe.notes += image_notes.notes(recipe, facts)
    recipe.notes += given_weights.notes(facts)
    rate_checks.check_rates(config, recommend(facts), recipe.left_out)
    network_checks.check_weights(recipe, facts.initial)
    stage_checks.check_options(config, recipe, data)
    network_checks.check_networks(config, recipe, data, facts.initial)
    return recipe
