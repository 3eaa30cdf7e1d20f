"""Distillation in the time that a job has left: its last stage gives way."""

from __future__ import annotations

import os

from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes.budget import stage_steps
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record

PART = "time left"
LATE = 0.05  # of the plan: a job that is less behind does what was planned
LEAST = 0.5  # of the planned steps, however late: a student has to be taught


def keep_to_plan(job) -> bool:
    """Shortens a `Job`'s distillation where the parts before it took long.

    A machine may have other work than when the plan was made. Decided once,
    when distillation begins; steps that the user gave stay.

    Returns:
      Whether the recipe is another one now.
    """
    given = job.recipe.given.get("distill", {})
    if "train_steps" in given or "train_epochs" in given:
        return False
    if PART not in job.record.done and not _has_begun(job.record):
        share = share_left(job.recipe, job.record)
        if share < 1:
            job.record.finish(PART, {"share": share})
    if PART not in job.record.done:
        return False
    _shorten(job.recipe, job.record)
    return True


def share_left(recipe: Recipe, record: Record) -> float:
    """Of the planned steps of distillation, those that there is time for.

    Args:
      recipe: The `Recipe` of a job that comes to distillation.
      record: Its `Record`.

    Returns:
      `LEAST` to 1.
    """
    parts = recipe.seconds
    if "distill" not in parts:  # nothing was planned
        return 1.0
    planned = job_seconds.of_the_plan(record.begun()) + sum(parts.values())
    left = planned - job_seconds.so_far(record)
    needed = parts["distill"] * _slower(record, parts)
    if needed - left <= LATE * planned:
        return 1.0
    return max(LEAST, left / needed)


def _slower(record, parts):
    """Times that pretraining and its pilot runs took what was planned."""
    took = planned = 0.0
    for name, part in (("pilots", "pilots"), ("pretrain", "pretrained")):
        if name in parts and part in record.done:
            took += record.done[part]["seconds"]
            planned += parts[name]
    return max(1.0, took / planned) if planned else 1.0


def _shorten(recipe, record):
    share = record.done[PART]["share"]
    why = f"{share:.0%} of what was planned: the parts before took longer"
    stage_steps.shorten(recipe, "distill", share, why)
    steps = recipe.options("distill")["train_steps"]
    note = f"distillation: {steps:,} steps, {why}"
    print(note, flush=True)
    recipe.notes.append(note)


def _has_begun(record):
    return os.path.exists(record.path("distilled", "flags.json"))
