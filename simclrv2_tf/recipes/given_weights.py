"""What a job does with weights that are given, and when it asks for them."""

from __future__ import annotations

from typing import Any

from simclrv2_tf import hub
from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import smaller_batches
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.facts import CONTINUED
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.rule_values import in_equal_parts

WEIGHTS = "simclrv2/pretrained/r50_1x_sk0"  # the smallest that are published
# Images of which pretraining learnt nothing that an untrained network has not
# (benchmarks/recipes.md, twenty minutes, three draws).
TOO_FEW = 160
PHOTOGRAPH = 64  # pixels of a side from which images may be photographs
# What weights tell of the images that they are for, and of their network.
_OF_IMAGES = ("image_size", "channels")
_OF_WEIGHTS = (
    *_OF_IMAGES,
    "resnet_depth",
    "width_multiplier",
    "sk_ratio",
    "se_ratio",
    "proj_head_mode",
    "num_proj_layers",
    "proj_out_dim",
)


def initial(config: Config, examples: int) -> dict[str, Any]:
    """Arguments of the network that `--checkpoint` holds, {} for none.

    It is read as the stage does that begins with it.

    Args:
      config: The job's `Config`.
      examples: Images to train on.
    """
    if not config.checkpoint:
        return {}
    few = examples < CONTINUED
    own = stage_configs.given(config, few)["finetune" if few else "pretrain"]
    weights = hub.find_weights(
        config.checkpoint,
        own.get("checkpoint_ema", False),
        own.get("checkpoint_ignore"),
    )
    return weights.arguments


def start_from(recipe: Recipe, facts: Facts) -> None:
    """The teacher is as the weights that it starts from.

    All stages see images of one size and of as many channels, as student and
    teacher look at the same ones.
    """
    why, source = "as --checkpoint has it", "the checkpoint"
    for name, value in _options_of(facts.initial).items():
        stages = STAGES if name in _OF_IMAGES else ("pretrain", "finetune")
        for stage in stages:
            recipe.choose(stage, name, value, why, source)
    if facts.initial.get("proj_head_mode") == "none":
        recipe.choose("finetune", "ft_proj_selector", 0, why, source)
    if facts.pretrained:
        recipe.left_out.append("pretrain")
        why = "a step is measured in little memory: it is not trained so"
        batch = in_equal_parts(
            smaller_batches.LEAST_MICROBATCH, facts.machine.accelerators
        )
        recipe.choose("pretrain", "train_batch_size", batch, why, source)
        recipe.notes.append(
            f"pretraining is left out: the weights given have seen more than "
            f"{facts.examples:,} images can add (below {CONTINUED:,}; SimCLR's "
            "transfer, table 8)"
        )


def notes(facts: Facts) -> list[str]:
    """That images are too few to learn from, and what is worth more then.

    Args:
      facts: `Facts`.
    """
    return [*_of_too_few(facts), *_of_photographs(facts)]


def _of_too_few(facts):
    """Of images of any kind, without weights that have seen others."""
    if facts.initial or facts.examples > TOO_FEW:
        return []
    return [
        f"{facts.examples:,} images are too few to learn much from: of "
        f"{TOO_FEW} photographs pretraining gained nothing "
        "(benchmarks/recipes.md); more images help, and they need no labels"
    ]


def _of_photographs(facts):
    """What is worth more than pretraining on a few photographs."""
    few = facts.examples < CONTINUED and not facts.initial
    in_colour = facts.coloured and facts.channels == 3
    if not few or not in_colour or facts.side < PHOTOGRAPH:
        return []
    return [
        "if these are photographs, published weights tell more than any "
        f"pretraining on {facts.examples:,} of them, where they can be had: "
        f"--checkpoint={WEIGHTS} (SimCLR's transfer, table 8)"
    ]


def _options_of(initial):
    """{option: value} of what weights tell; those for 3 channels leave it."""
    known = {"channels": 3, **initial} if initial else {}
    return {name: known[name] for name in _OF_WEIGHTS if name in known}
