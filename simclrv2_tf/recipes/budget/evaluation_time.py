"""How long a job takes for the images that its networks are judged on."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.facts import Facts
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.results.feature_checks import MOST_ASKED
from simclrv2_tf.recipes.results.feature_checks import MOST_KNOWN

LAST = "distill"  # the stage before the table, whose rows are judged after it
# Times that the rows of features and of pixels decode an image: to see whether
# it can be read, for its features, and for its pixels.
DECODED = 3


def seconds(
    recipe: Recipe,
    facts: Facts,
    forward: Mapping[str, float],
    image: float,
    stages: Iterable[str],
) -> dict[str, float]:
    """{stage: seconds} of the evaluations, and of the table with the last.

    An evaluation decodes each image and passes it through the network once.

    Args:
      recipe: A `Recipe`.
      facts: `Facts`.
      forward: {stage: seconds that an image takes in its network}.
      image: Seconds that an image takes to decode.
      stages: Names of the stages that the job has.
    """
    spent = {
        stage: evaluated(recipe.options(stage), facts)
        * (image + forward[stage])
        for stage in stages
        if stage != "pretrain"
    }
    if LAST in spent:
        each = DECODED * image + forward["pretrain"]
        spent[LAST] += _in_the_table(recipe, facts) * each
    return spent


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
