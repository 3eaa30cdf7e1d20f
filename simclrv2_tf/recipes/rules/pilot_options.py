"""Which augmentations pilot runs try, and what is chosen without them."""

from __future__ import annotations

from collections.abc import Iterator

from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.rule_values import LARGE_CROPS
from simclrv2_tf.recipes.rules.rule_values import PAPERS_CROPS

STRENGTH, GRAY = "color_jitter_strength", "grayscale_prob"
AREA = "crop_area_min"
# What is tried beside the usual, in this order: half of the colour distortion
# and no grey views (for classes that colour tells apart), the other of two
# smallest crops (the paper's and larger ones), and hardly any colour
# distortion: benchmarks/recipes.md, "Grey views".
_HALF, _HARDLY = 0.5, 0.1
MEASURED = "benchmarks/recipes.md, colour distortion that nothing judges"
# Labelled images, in all: of fewer, one or two decide.
LEAST_JUDGED = 20


def trials(recipe: Recipe) -> Iterator[dict[str, float]]:
    """What is tried in turn, each in place of the usual value of an option."""
    # A recipe of an earlier version says nothing of crops.
    usual = {AREA: PAPERS_CROPS, **recipe.options("pretrain")}
    yield {STRENGTH: usual[STRENGTH] * _HALF, GRAY: 0.0}
    if usual[AREA] >= PAPERS_CROPS:  # below it hardly a large crop fits
        small = usual[AREA] < LARGE_CROPS
        yield {AREA: LARGE_CROPS if small else PAPERS_CROPS}
    yield {STRENGTH: usual[STRENGTH] * _HARDLY, GRAY: 0.0}


def half_side(side: int) -> int | None:
    """Half the side of pretraining's images, None where it is too small."""
    return side // 2 if side // 2 >= network_sizes.SMALLEST else None


def is_half_side(recipe: Recipe, side: int | None = None) -> bool:
    """Whether pilot runs see images of half of pretraining's side.

    Args:
      recipe: A `Recipe`.
      side: Of the images of pilot runs; None for what it has chosen.
    """
    side = side or recipe.options("pilot").get("image_size")
    return side not in (None, recipe.options("pretrain")["image_size"])


def wanted(recipe: Recipe, side: int | None = None) -> list[dict[str, float]]:
    """Those of `trials` that the user has not decided.

    The share of grey views may be given alone: the rest is tried with it.
    Small images tell nothing of crops of larger ones.

    Args:
      recipe: A `Recipe`.
      side: See `is_half_side`.
    """
    decided = set(recipe.given.get("pretrain", {}))
    undecidable = {AREA} if is_half_side(recipe, side) else set()
    return [
        {option: v for option, v in trial.items() if option not in decided}
        for trial in trials(recipe)
        if not set(trial) & (decided - {GRAY} | undecidable)
    ]


def do_without(recipe: Recipe, labelled: int) -> None:
    """Chooses the colour distortion where nothing tells what suits the data.

    Half of the usual costs little where colour is noise, and the usual much
    where colour tells the classes apart.

    Args:
      recipe: A `Recipe` without pilot runs.
      labelled: Labelled images.
    """
    usual = recipe.options("pretrain").get(STRENGTH)
    if not usual:
        return
    why = "half of the usual: no pilot runs tell whether colour matters"
    if 0 < labelled < LEAST_JUDGED:
        why += (
            f", which takes {LEAST_JUDGED} labelled images (these: {labelled})"
        )
    recipe.choose("pretrain", STRENGTH, usual * _HALF, why, MEASURED)
