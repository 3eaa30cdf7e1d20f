"""What a plan says of images that views do not show as they are."""

from __future__ import annotations

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.network_sizes import SMALL_STEM

LONG = 1.5  # times as long as wide: a third of the image is not in its middle


def notes(recipe: Recipe, facts: Facts) -> list[str]:
    """Sentences about images that are far from square, or may be mirrored.

    Args:
      recipe: A `Recipe` of the rules, with what the user gave.
      facts: `Facts`.
    """
    return [*_of_long_images(recipe, facts), *_of_mirror_images(recipe, facts)]


def _of_long_images(recipe, facts):
    """What becomes of images that are far from square."""
    if facts.elongation < LONG:
        return []
    seen = "are squeezed to squares"
    if recipe.options("pretrain")["image_size"] > SMALL_STEM:
        seen = "show the square in their middle alone"
    views = "views show a part of them"
    # The largest view is 4:3, on the shorter side.
    if recipe.options("pretrain")["crop_area_min"] * facts.elongation > 4 / 3:
        views = (
            "no part of them is as much as --crop_area_min says, and so views "
            "show them whole, squeezed to squares"
        )
    return [
        f"images are {facts.elongation:.1f} times as long as wide: {views}, "
        f"and where classes are told they {seen}; cut or pad them if that "
        "loses what tells the classes apart"
    ]


def _of_mirror_images(recipe, facts):
    """That nothing tells whether a mirror image is of the same class."""
    flips = recipe.options("distill").get("random_flip")
    given = "random_flip" in recipe.given.get("distill", {})
    if not flips or given or facts.mirrored_labels is not None:
        return []
    return [
        "views are mirrored, and the labels are too few to tell whether a "
        "mirror image is of the same class: if mirrored images are of another "
        "class (arrows, letters, left and right hands), give --norandom_flip"
    ]
