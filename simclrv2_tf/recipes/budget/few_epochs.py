"""What the plan says of images that are seen seldom, or take long to decode."""

from __future__ import annotations

from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.network_sizes import LEAST_EPOCHS
from simclrv2_tf.recipes.rules.network_sizes import MANY_SEEN

_SMALLER = (
    "tools/prepare_dataset.py makes them small once (docs/have/large_images.md)"
)


def notes(recipe: Recipe, facts: Facts, costs: Costs) -> list[str]:
    """Sentences about a plan, none where its images are seen often enough.

    Args:
      recipe: A `Recipe` that is planned.
      facts: `Facts`.
      costs: `Costs`.
    """
    sentences = []
    if costs.waits:
        sentences.append(
            f"decoding the images of a step of pretraining takes "
            f"{costs.decoding:.1f} s, longer than computing it, as they do "
            f"not fit the memory: {_SMALLER}"
        )
    epochs = _epochs(recipe, facts)
    if epochs < LEAST_EPOCHS and epochs * facts.examples < MANY_SEEN:
        helps = "; so do smaller images" if costs.waits else ""
        sentences.append(
            f"pretraining sees each image {int(epochs)} times, and below "
            f"{LEAST_EPOCHS} times little is learnt: a longer --time_budget "
            f"helps{helps}"
        )
    return sentences


def _epochs(recipe, facts):
    """Epochs of pretraining; infinite where it is not the plan's to choose.

    Weights that are given have been trained before.
    """
    given = recipe.given.get("pretrain", {})
    options = recipe.options("pretrain")
    if facts.initial or "train_epochs" in given or "train_steps" in given:
        return float("inf")
    return options["train_steps"] * options["train_batch_size"] / facts.examples
