"""A batch that fits: in micro-batches, or else a smaller one."""

from __future__ import annotations

import math

from simclrv2_tf.config import Config
from simclrv2_tf.files.gigabytes import gigabytes
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs import memory_check

LEAST_MICROBATCH = 16  # images that give batch normalization its moments
SOURCE = "docs/scaling.md: the peak that tools/plan.py foresees"
# What the stages of a job leave of each other in one process of the host: 0.35
# GB on the digits and 0.71 on photographs of hands (benchmarks/recipes.md).
LEFT = 0.5e9


def fit(recipe: Recipe, memory_budget: float = 0.0, replicas: int = 1) -> None:
    """Has pretraining take less than the memory there is.

    Args:
      recipe: A `Recipe`, which is changed where it has to be.
      memory_budget: GB that the job's process may come to on the host, or on
        each accelerator; 0 for what is free.
      replicas: Devices that share a batch.

    Raises:
      ValueError: If even the smallest batch is expected to take more.
    """
    options = recipe.options("pretrain")
    if "pretrain" in recipe.left_out:
        return
    expected = _expected(options, replicas)
    if math.isnan(expected.peak):
        recipe.notes.append(f"memory: {expected}")
        return
    for changes in _free_to_try(recipe, options, replicas):
        expected = _expected({**options, **changes}, replicas)
        limit, whole = _limit(expected, memory_budget), _whole(expected)
        if whole <= limit:
            why = (
                f"{gigabytes(whole)} of the {gigabytes(limit)} that may be "
                "taken"
            )
            for option, value in changes.items():
                recipe.choose("pretrain", option, value, why, SOURCE)
            _note(recipe, expected)
            return
    raise ValueError(
        f"The memory must hold pretraining, which takes about "
        f"{gigabytes(whole)} at least{_before(expected)}. Received: "
        f"{gigabytes(limit)} that may be taken; give --image_size, "
        "--width_multiplier or a --train_batch_size that was given a smaller "
        "value."
    )


def _free_to_try(recipe, options, replicas):
    """No change, and those of what the user has not given."""
    given = recipe.given.get("pretrain", {})
    tried = [
        {name: value for name, value in changes.items() if name not in given}
        for changes in _smaller(options["train_batch_size"], replicas)
    ]
    return [{}, *filter(None, tried)]


def _whole(expected):
    """What the process comes to by the end of the job."""
    return expected.whole + (LEFT if expected.taken else 0)


def _note(recipe, expected):
    recipe.memory = float(_whole(expected))
    recipe.memory_before = float(expected.taken)
    words = f"{gigabytes(recipe.memory)}{_before(expected)}"
    recipe.notes.append(f"memory: about {words}")


def _before(expected):
    """What the process has already, in words."""
    taken = expected.taken
    return f", {gigabytes(taken)} of it before it begins" if taken else ""


def _expected(options, replicas):
    config = Config(**{**options, "train_mode": "pretrain"})
    return memory_check.expect(config, replicas)


def _limit(expected, memory_budget):
    free = memory_check.MOST * expected.free + expected.taken
    return min(free, memory_budget * 1e9) if memory_budget else free


def _smaller(batch, replicas):
    """Changes from the mildest on; a device has its share of a batch."""
    share = batch // replicas
    part = share // 2
    while part >= LEAST_MICROBATCH:
        if share % part == 0:
            yield {"gradient_cache_microbatch": part}
        part //= 2
    while share >= 2 * LEAST_MICROBATCH:
        share //= 2
        yield {
            "train_batch_size": share * replicas,
            "gradient_cache_microbatch": LEAST_MICROBATCH
            if share > LEAST_MICROBATCH and share % LEAST_MICROBATCH == 0
            else 0,
        }
