"""The network that a machine has time for, once a step of it was measured.

On paper a core has AVX-512 and an accelerator is a V100 (`scaling`). Others
take up to eight times as long for a step (benchmarks/recipes.md).
"""

from __future__ import annotations

import dataclasses

from simclrv2_tf import scaling
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.facts import Facts

SLOW = 1.5  # times what is reckoned; below it paper and probe agree
# The share of a step from which on a smaller network would not shorten it.
_WAITING = 0.7


def reckoned_seconds(recipe: Recipe, facts: Facts) -> float:
    """Seconds of a step of pretraining, on paper.

    Args:
      recipe: A `Recipe` with the batch of pretraining.
      facts: `Facts`, by which its network was chosen.
    """
    batch = recipe.options("pretrain")["train_batch_size"]
    size = network_sizes.choose(facts)
    return network_sizes.step_seconds(size, facts, batch)


def as_measured(facts: Facts, recipe: Recipe, step: StepTime) -> Facts:
    """Facts of the machine as slow as it is, if that asks for another network.

    The same facts where the networks stay: steps are hardly longer than on
    paper, or wait for their images, or nothing was measured.

    Args:
      facts: `Facts`, by which the recipe was made.
      recipe: A `Recipe`.
      step: The `StepTime` that was measured with it.
    """
    if not step.measured or _waits(recipe, step):
        return facts
    passes = stage_costs.passes(recipe.options("pretrain")) / scaling.passes()
    paper = passes * reckoned_seconds(recipe, facts)
    slower = (step.step - stage_costs.STEP) / paper
    if slower < SLOW:
        return facts
    machine = dataclasses.replace(
        facts.machine, slowness=facts.machine.slowness * slower
    )
    other = dataclasses.replace(facts, machine=machine)
    return facts if _networks(other) == _networks(facts) else other


def note(facts: Facts) -> str:
    """What the plan says where a machine turned out to be slow."""
    return (
        f"a step takes {facts.machine.slowness:.1f} times as long here as "
        "was reckoned: a smaller network sees the images more often in the "
        "time there is (benchmarks/recipes.md)"
    )


def _networks(facts):
    return network_sizes.choose(facts), network_sizes.choose_student(facts)


def _waits(recipe, step):
    """Whether a step is as long as its images take, whatever the network."""
    batch = recipe.options("pretrain")["train_batch_size"]
    image = step.decoding.of("pretrain") + step_time.VIEWS * step.crop
    return batch * image > _WAITING * step.step
