"""How long a job takes for images that its networks see without training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.budget.image_pass import ImagePass
from simclrv2_tf.recipes.checked_images import MOST_ASKED
from simclrv2_tf.recipes.checked_images import MOST_KNOWN
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.facts import Facts

LAST = "distill"  # the stage before the table, whose rows are judged after it
# Times that the rows of features and of pixels decode an image: to see whether
# it can be read, for its features, and for its pixels.
DECODED = 3
# Parts of a job without labels that come after pretraining: the embeddings,
# and the page, whose network is asked about so many images at most.
EMBEDDING, PAGE = "embed", "page"
ON_THE_PAGE = 20_000


def seconds(
    recipe: Recipe,
    facts: Facts,
    images: ImagePass,
    stages: Iterable[str],
) -> dict[str, float]:
    """{part of the job: seconds} of what is judged, or embedded.

    An evaluation decodes each image and passes it through the network once.
    The table is a part of the last stage.

    Args:
      recipe: A `Recipe`.
      facts: `Facts`.
      images: The `ImagePass` of the job.
      stages: Names of the stages that the job has.
    """
    if not facts.labelled:
        return _without_labels(recipe, facts, images)
    spent = {
        stage: _judged(recipe.options(stage), facts) * images.of(stage)
        for stage in stages
        if stage != "pretrain"
    }
    if LAST in spent:
        each = DECODED * images.image + images.forward["pretrain"]
        spent[LAST] += _in_the_table(recipe, facts) * each
    return spent


def of_a_checkpoint(
    options: dict[str, Any], facts: Facts, each: float
) -> float:
    """Seconds that evaluating a checkpoint of a stage takes, 0 for none.

    Runs that leave a part of the labels out evaluate theirs on that part, and
    the run on all labels asks them.

    Args:
      options: Of the stage.
      facts: `Facts`.
      each: Seconds of an image that its network sees.
    """
    if options.get("best_folds"):
        return facts.labelled * each
    if options.get("patience") or options.get("export_best"):
        return evaluated(options, facts) * each
    return 0.0


def _without_labels(recipe, facts, images):
    """{part: seconds} of embeddings, and of a page where one is written."""
    each = images.of("pretrain")
    parts = {EMBEDDING: facts.examples * each}
    if "pretrain" not in recipe.left_out:
        parts[PAGE] = min(facts.examples, ON_THE_PAGE) * each
    return parts


def _judged(options, facts):
    """Images of the evaluations that a stage ends with."""
    return (1 + bool(options.get("export_best"))) * evaluated(options, facts)


def evaluated(options: dict, facts: Facts) -> int:
    """Images that a stage is evaluated on.

    Args:
      options: Of the stage.
      facts: `Facts`.
    """
    batch = options.get("eval_batch_size", Config.eval_batch_size)
    some = options.get("eval_steps", 0) * batch
    return min(some or facts.evaluated, facts.evaluated)


def _in_the_table(recipe, facts):
    """Images that the rows of frozen features learn from and are asked for."""
    judged = evaluated(recipe.options(LAST), facts)
    return min(facts.labelled, MOST_KNOWN) + min(judged, MOST_ASKED)
