"""Every stage of a job in the memory that there is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from simclrv2_tf.config import Config
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.data.classes import listed
from simclrv2_tf.recipes import stage_devices
from simclrv2_tf.recipes.budget import image_memory
from simclrv2_tf.recipes.budget import process_memory
from simclrv2_tf.recipes.budget import smaller_batches
from simclrv2_tf.recipes.budget import stage_memory
from simclrv2_tf.recipes.budget.image_memory import ImageMemory
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.rate_scale import rate_scale

_EVALUATED = "eval_batch_size"
_BATCH = ("train_batch_size", "gradient_cache_microbatch", _EVALUATED)
LEAST_EVALUATED = 16  # images: an evaluation of fewer at once takes long
_IN_WORDS = {
    "pretrain": "pretraining",
    "finetune": "fine-tuning",
    "distill": "distillation",
    "scratch": "training from scratch",
}
SOURCE = "docs/scaling.md: the peak that tools/plan.py foresees"


class _Bounds(NamedTuple):
    """What the stages of a job are fitted to, see `fit`."""

    memory_budget: float
    replicas: int
    initial: dict[str, Any]
    images: ImageMemory
    short_runs: int

    def whole(self, expected):
        return process_memory.whole(expected, self.short_runs)

    def limit(self, expected):
        return process_memory.limit(expected, self.memory_budget)


def fit(
    recipe: Recipe,
    memory_budget: float = 0.0,
    replicas: int = 1,
    stages: Sequence[str] = STAGES,
    initial: dict[str, Any] | None = None,
    images: ImageMemory = image_memory.NO_IMAGES,
    short_runs: int = 0,
) -> None:
    """Has every stage of a job take less than the memory there is.

    Images are kept in memory where they fit beside the network.

    Args:
      recipe: A `Recipe`, which is changed where it has to be.
      memory_budget: GB that the job's process may come to on the host, or on
        each accelerator; 0 for what is free.
      replicas: Devices that share a batch, where a stage has not one alone.
      stages: Names of the stages; pretraining that is left out may be one.
      initial: Arguments of the network that `--checkpoint` holds, {} or None
        for none.
      images: The job's `ImageMemory`.
      short_runs: Pilot runs and trials that the job may have.

    Raises:
      ValueError: If even the smallest batch of a stage is expected to take
        more; not with `check_memory=False`.
    """
    bounds = _Bounds(memory_budget, replicas, initial or {}, images, short_runs)
    expected = {stage: _fit_stage(recipe, stage, bounds) for stage in stages}
    for stage in recipe.left_out:
        expected.pop(stage, None)
    unknown = [s for s, e in expected.items() if math.isnan(e.peak)]
    if unknown:
        names = listed([_IN_WORDS[stage] for stage in unknown])
        lacking = expected[unknown[0]]
        recipe.notes.append(f"memory of {names}: {lacking}")
    known = [e for s, e in expected.items() if s not in unknown]
    _sum_up(recipe, known, bounds)
    if {"pretrain", "finetune"} & set(unknown):
        recipe.memory = 0.0  # that of the teacher, which takes most


def fit_again(
    recipe: Recipe,
    stages: Sequence[str],
    memory_budget: float = 0.0,
    replicas: int = 1,
    initial: dict[str, Any] | None = None,
    images: ImageMemory = image_memory.NO_IMAGES,
    short_runs: int = 0,
) -> None:
    """Has stages that have another network since `fit` take no more either.

    Args:
      recipe: A `Recipe` that was fitted.
      stages: Names of these stages.
      memory_budget: See `fit`, as the others.
      replicas: See there.
      initial: See there.
      images: See there.
      short_runs: See there.

    Raises:
      ValueError: As `fit`.
    """
    before = recipe.memory, recipe.memory_before
    fit(recipe, memory_budget, replicas, stages, initial, images, short_runs)
    most = max(before, (recipe.memory, recipe.memory_before))
    recipe.memory, recipe.memory_before = most if before[0] else before
    recipe.notes = list(dict.fromkeys(recipe.notes))


def _sum_up(recipe, expected, bounds):
    """The memory of a job is that of the stage that takes most."""
    most = max(expected, key=bounds.whole, default=None)
    recipe.memory = float(bounds.whole(most)) if most else 0.0
    recipe.memory_before = float(most.taken) if most else 0.0


def _fit_stage(recipe, stage, bounds):
    """What a stage is expected to take, once it fits, and then its images."""
    replicas = stage_devices.replicas(recipe, stage, bounds.replicas)
    bounds = bounds._replace(replicas=replicas)
    expected = _fit_network(recipe, stage, bounds)
    whole, limit = bounds.whole(expected), bounds.limit(expected)
    return image_memory.decide(
        recipe, stage, expected, bounds.images, whole, limit
    )


def _fit_network(recipe, stage, bounds):
    """What a stage is expected to take, once its options are such as fit."""
    options, tried = recipe.options(stage), []
    smaller = smaller_batches.changes(recipe, stage, options, bounds.replicas)
    fewest = _evaluated_at_once(recipe, stage, options)[-1]
    for changes in itertools.chain([{}], smaller):
        least = _expected(recipe, stage, bounds, {**changes, **fewest})
        limit = bounds.limit(least)
        if not bounds.whole(least) > limit:  # or is not known
            return _choose_most(recipe, stage, bounds, changes)
        tried.append(least)
    if stage in recipe.left_out or not options.get("check_memory", True):
        return _expected(recipe, stage, bounds, {})
    raise _too_much(recipe, stage, min(tried, key=bounds.whole), bounds)


def _expected(recipe, stage, bounds, changes):
    """What a stage is expected to take with changes of its options."""
    expected = stage_memory.expect(
        recipe, stage, changes, bounds.replicas, bounds.initial
    )
    return image_memory.before_fitting(recipe, stage, expected, bounds.images)


def _evaluated_at_once(recipe, stage, options):
    """Changes of how many images are answered at once, the first of none."""
    changes, batch = [{}], options.get(_EVALUATED, Config.eval_batch_size)
    # So many steps of an evaluation would be fewer images.
    if _EVALUATED in recipe.given.get(stage, {}) or options.get("eval_steps"):
        return changes
    while batch >= 2 * LEAST_EVALUATED:
        batch //= 2
        changes.append({_EVALUATED: batch})
    return changes


def _choose_most(recipe, stage, bounds, changes):
    """Chooses changes, and as many images of an evaluation as fit with them."""
    evaluated = _evaluated_at_once(recipe, stage, recipe.options(stage))
    for fewer in evaluated:
        changed = {**changes, **fewer}
        expected = _expected(recipe, stage, bounds, changed)
        limit, whole = bounds.limit(expected), bounds.whole(expected)
        if not whole > limit or fewer is evaluated[-1]:
            break
    _choose(recipe, stage, changed, whole, limit)
    return expected


def _choose(recipe, stage, changes, whole, limit):
    why = f"{gigabytes(whole)} of the {gigabytes(limit)} that may be taken"
    before = recipe.options(stage)
    for option, value in changes.items():
        recipe.choose(stage, option, value, why, SOURCE)
    if stage == "finetune" and "train_batch_size" in changes:
        _keep_rate(recipe, before)


def _keep_rate(recipe, before):
    """Fine-tuning's rate is the same after scaling by the batch, for any."""
    rate, after = before.get("learning_rate"), recipe.options("finetune")
    if rate:
        rate = round(rate * rate_scale(before) / rate_scale(after), 5)
        why = "the same for a smaller batch, after scaling by it"
        recipe.choose("finetune", "learning_rate", rate, why, SOURCE)


def _too_much(recipe, stage, least, bounds):
    """The error where not even the least that was tried fits."""
    less = " or ".join(_helpful(recipe, stage, bounds.initial))
    before = process_memory.before(least.taken)
    return ValueError(
        f"The memory must hold {_IN_WORDS[stage]}, which takes about "
        f"{gigabytes(bounds.whole(least))} at least{before}. Received: "
        f"{gigabytes(bounds.limit(least))} that may be taken; give {less} a "
        "smaller value"
        f"{_without_cache(recipe, stage)} (--nocheck_memory starts it all the "
        "same)."
    )


def _without_cache(recipe, stage):
    """What else helps where the user wants images in memory."""
    given = recipe.given.get(stage, {}).get("cache_dataset")
    return ", or leave out --cache_dataset" if given else ""


def _helpful(recipe, stage, initial):
    """Flags that make a stage smaller, and that weights do not decide."""
    yield "--image_size"
    if not initial:
        yield "--width_multiplier"
    elif stage in ("distill", "scratch"):
        yield "--distill.width_multiplier"
    given = dict(recipe.given.get(stage, {}))
    if recipe.options(stage).get("eval_steps"):
        given[_EVALUATED] = True  # which is not lowered then
    part = "" if stage == "pretrain" else f"{stage}."
    yield from (f"--{part}{name}" for name in _BATCH if given.get(name))
