"""The time for a job where none is given: on paper, then as measured."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.budget.stage_steps import steps_given
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.network_sizes import LEAST_EPOCHS
from simclrv2_tf.recipes.rules.network_sizes import PRETRAINING

# 200 epochs of pretraining with the narrow network (on accelerators with the
# largest that a day allows), or with that which was decided, within these
# hours. Distillation has half as many, as in the paper.
EPOCHS = {"pretrain": 200, "distill": 100}
LEAST_SECONDS, MOST_SECONDS = 600, 24 * 3600
# Of a job's time; distillation's where weights are given in the place of
# pretraining (see `time_plan`).
SHARE = {"pretrain": PRETRAINING, "distill": 0.8}
BATCH = 256


def with_default(facts: Facts) -> Facts:
    """Facts with the time that the data deserve, on paper.

    Args:
      facts: `Facts` whose `seconds` are 0.
    """
    stage, deserved = _stage(facts), _deserved(facts)
    reckoned = {
        "pretrain": network_sizes.step_seconds(deserved, facts, BATCH)
        / _devices(facts),
        "distill": network_sizes.distill_seconds(facts, BATCH),
    }
    seconds = EPOCHS[stage] * facts.examples / BATCH * reckoned[stage]
    seconds = min(max(LEAST_SECONDS, seconds / SHARE[stage]), MOST_SECONDS)
    return dataclasses.replace(
        facts,
        seconds=seconds,
        seconds_given=False,
        deserved=_seen_enough(facts, seconds),
    )


def _seen_enough(facts, seconds):
    """The largest network that has all its epochs in the time, at most.

    That is the one that the time is for, or a larger one where the least time
    is longer.
    """
    images = 0.99 * EPOCHS["pretrain"] * facts.examples  # but for rounding
    most = SHARE["pretrain"] * seconds * _devices(facts)
    return network_sizes.largest_within(facts, images, most)


def _deserved(facts):
    """The network that the time is for.

    The narrow one is what processors train in hours; accelerators would be
    done with it in minutes, and learn less than they could.
    """
    if not facts.machine.accelerators:
        return network_sizes.narrow(facts)
    images = EPOCHS["pretrain"] * facts.examples
    most = SHARE["pretrain"] * MOST_SECONDS * _devices(facts)
    return network_sizes.largest_within(facts, images, most)


def _devices(facts):
    """Devices that share a step of pretraining."""
    return max(1, facts.machine.accelerators)


def as_measured(facts: Facts, recipe: Recipe, costs: Costs) -> Facts:
    """Facts with more time where steps take longer than on paper.

    The least epochs that something is learnt in: what is slow, decoding or
    the machine, is better mended than waited for. Steps that are given have
    the time that they take, and so have the images to evaluate on.

    Args:
      facts: `Facts`, whose time stays if the user gave it.
      recipe: The `Recipe`.
      costs: Its `Costs`.
    """
    stage = _stage(facts)
    if facts.seconds_given or stage not in costs.step:
        return facts
    given = _given(facts, recipe, costs)
    seconds = given.pop(stage) / SHARE[stage]
    seconds = max(LEAST_SECONDS, seconds or _least(facts, recipe, costs, stage))
    seconds += sum(given.values()) + sum(costs.evaluation.values())
    return dataclasses.replace(facts, seconds=seconds)


def _least(facts, recipe, costs, stage):
    """Seconds of a job that allow the least epochs, up to a day."""
    batch = recipe.options(stage)["train_batch_size"]
    seconds = LEAST_EPOCHS * facts.examples / batch * costs.step[stage]
    return max(facts.seconds, min(seconds / SHARE[stage], MOST_SECONDS))


def _given(facts, recipe, costs):
    """{stage: seconds of the steps that the user gave}, 0 for none."""
    return {
        stage: costs.of_step(stage)
        * steps_given(recipe.options(stage), facts.examples_of(stage))
        for stage in costs.step
        if stage not in recipe.left_out
    }


def _stage(facts):
    """The stage that most of a job's time is for."""
    return "distill" if facts.pretrained else "pretrain"
