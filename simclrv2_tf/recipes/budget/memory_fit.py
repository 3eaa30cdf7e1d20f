"""A batch that fits: in micro-batches, or else a smaller one."""

from __future__ import annotations

import math

from simclrv2_tf.config import Config
from simclrv2_tf.console.gigabytes import gigabytes
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs.hardware import memory_check

LEAST_MICROBATCH = 16  # images that give batch normalization its moments
_NETWORK = ("image_size", "width_multiplier")
_BATCH = ("train_batch_size", "gradient_cache_microbatch")
SOURCE = "docs/scaling.md: the peak that tools/plan.py foresees"
# What the runs of a job leave of each other in one process of the host
# (benchmarks/recipes.md): so much by four stages and each pilot run or trial.
# How many of these there are is known last; four are reckoned with before.
LEFT_BY_STAGES, LEFT_BY_SHORT_RUN = 0.2e9, 0.14e9
LEFT = LEFT_BY_STAGES + 4 * LEFT_BY_SHORT_RUN


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
    left_out = "pretrain" in recipe.left_out
    expected = _expected(options, replicas)
    if math.isnan(expected.peak):
        recipe.notes.append(f"memory: {expected}")
        return
    tried = []
    for changes in [{}, *_free_to_try(recipe, options, replicas)]:
        expected = _expected({**options, **changes}, replicas)
        limit, whole = _limit(expected, memory_budget), _whole(expected)
        if whole <= limit:
            _choose(recipe, changes, whole, limit)
            recipe.memory_before = float(expected.taken)
            recipe.memory = 0.0 if left_out else float(whole)
            return
        tried.append(expected)
    if not left_out:
        raise _too_much(recipe, min(tried, key=_whole), limit)


def _choose(recipe, changes, whole, limit):
    why = f"{gigabytes(whole)} of the {gigabytes(limit)} that may be taken"
    for option, value in changes.items():
        recipe.choose("pretrain", option, value, why, SOURCE)


def _too_much(recipe, least, limit):
    """The error where not even the least that was tried fits."""
    given = recipe.given.get("pretrain", {})
    named = [f"--{n}" for n in (*_NETWORK, *_BATCH) if given.get(n)]
    less = " or ".join(dict.fromkeys([*(f"--{n}" for n in _NETWORK), *named]))
    return ValueError(
        f"The memory must hold pretraining, which takes about "
        f"{gigabytes(_whole(least))} at least{_before(least.taken)}. Received: "
        f"{gigabytes(limit)} that may be taken; give {less} a smaller value."
    )


def _free_to_try(recipe, options, replicas):
    """Changes of what the user has not given, and that go with it."""
    given = recipe.given.get("pretrain", {})
    part = given.get("gradient_cache_microbatch")
    for changes in _smaller(options["train_batch_size"], replicas):
        batch = changes.get("train_batch_size")
        if batch and "train_batch_size" in given:
            continue
        if part is None:
            yield changes
        elif batch and _divides(part, batch // replicas):
            yield {"train_batch_size": batch}


def _divides(part, share):
    """Whether a device's share of a batch has so many images in each part."""
    return not part or (share > part and share % part == 0)


def _whole(expected):
    """What the process comes to by the end of the job."""
    return expected.whole + (LEFT if expected.taken else 0)


def tell(recipe: Recipe, short_runs: int) -> None:
    """Has a recipe say what memory its job is expected to come to.

    Args:
      recipe: A `Recipe` that `fit` has seen.
      short_runs: Pilot runs and trials.
    """
    if not recipe.memory:  # not known
        return
    if recipe.memory_before:
        left = LEFT_BY_STAGES + short_runs * LEFT_BY_SHORT_RUN
        recipe.memory += left - LEFT
    words = f"{gigabytes(recipe.memory)}{_before(recipe.memory_before)}"
    recipe.notes.append(f"memory: about {words}")


def _before(taken):
    """What the process has already, in words."""
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
