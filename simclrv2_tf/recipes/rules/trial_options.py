"""Trials of the teacher's fine-tuning: whether there are any, and how many."""

from __future__ import annotations

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.teacher_ways import PROBE
from simclrv2_tf.recipes.rules.teacher_ways import is_probe
from simclrv2_tf.recipes.rules.teacher_ways import ways

PARTS = 5  # of the labels, of which one or two are left out in turn
LEAST_LEFT_OUT = 10  # labels: fewer tell nothing apart
MANY_LEFT_OUT = 150  # labels that tell ten points apart
# From so many labels a class on all weights are trained as in the paper.
ENOUGH = 50
_DECIDING = {
    "learning_rate",
    "fine_tune_after_block",
    "linear_probe_init",
    "train_epochs",
    "optimizer",
}


def wanted(recipe: Recipe, labelled: int, fewest: int) -> bool:
    """Whether trials tell something that the user has not decided.

    Args:
      recipe: A `Recipe`.
      labelled: Labelled images.
      fewest: Labels of the class that has the fewest.
    """
    return (
        2 <= fewest < ENOUGH
        and labelled // parts(fewest) >= LEAST_LEFT_OUT
        and not _DECIDING & set(recipe.given.get("finetune", {}))
        and len(ways(recipe)) > 1
    )


def parts(fewest: int) -> int:
    """How many parts the labels have.

    Args:
      fewest: Labels of the class that has the fewest.
    """
    return min(PARTS, fewest)


def turns(labelled: int) -> int:
    """How many parts of the labels are left out, one after another.

    Args:
      labelled: Labelled images.
    """
    return 1 if labelled // PARTS >= MANY_LEFT_OUT else 2


def runs(recipe: Recipe, labelled: int) -> int:
    """How many runs the trials are; a linear probe takes none."""
    trained = [name for name in ways(recipe) if not is_probe(recipe, name)]
    return len(trained) * turns(labelled)


def probes(recipe: Recipe, labelled: int) -> int:
    """How many linear probes are tried beside the usual way."""
    return (PROBE in ways(recipe)) * turns(labelled)
