"""Ways in which a teacher learns from the labels, as options of fine-tuning."""

from __future__ import annotations

import math
from typing import Any

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.rate_scale import rate_scale
from simclrv2_tf.recipes.rules.rule_values import LOW_RATE
from simclrv2_tf.recipes.rules.rule_values import WHOLE_RATE

USUAL, WHOLE, ALONE = "usual", "all weights", "labels alone"
LOWER = "lower rate"  # of all weights, where the usual way is `WHOLE`
PROBE = "linear probe"  # where the usual way trains weights: it takes no run
# Options of a teacher that is the linear probe of its features, as they are
# below ten labels a class.
_KEPT = {"learning_rate": 0.0, "fine_tune_after_block": 4, "train_steps": 1}
# Given for fine-tuning, these mean nothing to a teacher that is not trained.
_OF_TRAINING = {"train_steps", "class_weights", "patience", "export_best"}


def ways(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """{name: options of fine-tuning} of the ways to learn from the labels.

    All weights are tried where the usual way changes any: below that the
    features of too few labels are no better for it. It has one of two rates,
    by the labels of a class on average, and the other one is tried, as is the
    linear probe alone, which may be better with some tens of labels or where
    most classes have few.

    Args:
      recipe: A `Recipe`; its options of "trial" say how many steps.
    """
    names = [USUAL]
    if not _probes(recipe):
        names += [PROBE] * _may_probe(recipe)
        names.append(LOWER if _is_whole(recipe) else WHOLE)
    if "pretrain" not in recipe.left_out:
        names.append(ALONE)
    return {name: options_of(recipe, name) for name in names}


def options_of(recipe: Recipe, name: str) -> dict[str, Any]:
    """Options of a way, which a job of an earlier version may have begun.

    It tried `WHOLE` also where that is the usual way.

    Args:
      recipe: See `ways`.
      name: Of the way.
    """
    usual = recipe.options("finetune")
    trained = {**recipe.options("trial"), "fine_tune_after_block": -1}
    if name == USUAL:
        return {}
    if name == PROBE:
        return dict(_KEPT)
    if name == ALONE:
        return {**trained, **_as_from_scratch(recipe, usual)}
    scaled = LOW_RATE if name == LOWER else WHOLE_RATE
    return {**trained, "learning_rate": scaled / rate_scale(usual)}


def _may_probe(recipe):
    """Whether nothing was given that a linear probe would not heed."""
    return not _OF_TRAINING & set(recipe.given.get("finetune", {}))


def _is_whole(recipe):
    """Whether the usual way has the higher one of the two rates."""
    usual = recipe.options("finetune")
    scaled = usual["learning_rate"] * rate_scale(usual)
    return math.isclose(scaled, WHOLE_RATE, rel_tol=0.01)


def _as_from_scratch(recipe, usual):
    """Optimizer and rate of the small network that learns from labels alone.

    The rate is the same after scaling by the batch, which may be another.
    """
    batch = {"train_batch_size": usual["train_batch_size"]}
    scratch = {**batch, **recipe.options("scratch")}
    rate = scratch["learning_rate"]
    if rate_scale(scratch) != rate_scale(usual):
        rate *= rate_scale(scratch) / rate_scale(usual)
    chosen = {"learning_rate": rate, "linear_probe_init": False}
    if "optimizer" in scratch:
        chosen["optimizer"] = scratch["optimizer"]
    return chosen


def is_probe(recipe: Recipe, name: str) -> bool:
    """Whether a way leaves the features as they are."""
    return name == PROBE or (name == USUAL and _probes(recipe))


def _probes(recipe):
    """Whether the usual way is to leave the features as they are."""
    return not recipe.options("finetune")["learning_rate"]
