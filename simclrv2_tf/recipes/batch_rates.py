"""Learning rates of the rules, for the batches that the stages have."""

from __future__ import annotations

import math

from simclrv2_tf.optimizers import LINEAR_BASE
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import RULES
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.rate_scale import rate_scale


def choose_rates(recipe: Recipe, facts: Facts) -> None:
    """Chooses learning rates anew for the batches that the stages have.

    The rules' rates are for the batches of the rules and for scaling by
    batch / 256. Batches may be given, or smaller to fit the memory, and so may
    be another scaling: after it a rate is the same.

    Args:
      recipe: A `Recipe` of the rules, with what the user gave.
      facts: `Facts`.
    """
    for rule in RULES:
        if rule.option == "learning_rate":
            for stage in rule.stages:
                if any(r.option == rule.option for r in recipe.of(stage)):
                    _choose_rate(recipe, rule, stage, facts)


def _choose_rate(recipe, rule, stage, facts):
    options = recipe.options(stage)
    images, linear = options["train_batch_size"], rule.value
    if callable(linear):
        linear = linear(facts, images)
    scale = rate_scale(options)
    rate = float(f"{linear * images / LINEAR_BASE / scale:.5g}")
    if math.isclose(rate, options["learning_rate"], rel_tol=0.01):
        return
    why = rule.reason(facts)
    if scale != images / LINEAR_BASE:
        scaling = options["learning_rate_scaling"]
        why = (
            f"{rate * scale:.4g} at {images:,} images after {scaling} scaling, "
            f"which is given: as much as {linear:g} {why}"
        )
    recipe.choose(stage, rule.option, rate, why, rule.source)
