"""Distillation in the time that a job has left, which is its last stage."""

from __future__ import annotations

import os

from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes.budget import stage_steps
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record

PART = "time left"
LATE = 0.05  # of the plan: a job that is less late, or early, keeps to it
LEAST = 0.5  # of the planned steps, however late: a student has to be taught
MOST = 2.0  # of the planned steps, however early


def keep_to_plan(job) -> bool:
    """Gives a `Job`'s distillation the time that the parts before it left.

    A machine may have other work than when the plan was made, or less.
    Decided once, when distillation begins; steps that the user gave stay.

    Returns:
      Whether the recipe is another one now.
    """
    given = job.recipe.given.get("distill", {})
    if "train_steps" in given or "train_epochs" in given:
        return False
    if PART not in job.record.done and not _has_begun(job.record):
        share = share_left(job.recipe, job.record)
        if share != 1:
            job.record.finish(PART, {"share": share})
    if PART not in job.record.done:
        return False
    _fit(job.recipe, job.record)
    return True


def share_left(recipe: Recipe, record: Record) -> float:
    """Of the planned steps of distillation, those that there is time for.

    Args:
      recipe: The `Recipe` of a job that comes to distillation.
      record: Its `Record`.

    Returns:
      `LEAST` to `MOST`.
    """
    parts = recipe.seconds
    if "distill" not in parts:  # nothing was planned
        return 1.0
    planned = job_seconds.of_the_plan(record.begun()) + sum(parts.values())
    left = planned - job_seconds.so_far(record)
    needed = parts["distill"] * _pace(record, parts)
    if abs(needed - left) <= LATE * planned:
        return 1.0
    return min(max(LEAST, left / needed), MOST)


def _pace(record, parts):
    """Times that pretraining and its pilot runs took what was planned.

    Half at least: what made them faster may not make distillation so.
    """
    took = planned = 0.0
    for name, part in (("pilots", "pilots"), ("pretrain", "pretrained")):
        if name in parts and part in record.done:
            took += record.done[part]["seconds"]
            planned += parts[name]
    return max(0.5, took / planned) if planned else 1.0


def _fit(recipe, record):
    share = record.done[PART]["share"]
    took = "longer" if share < 1 else "less"
    why = f"{share:.0%} of what was planned: the parts before took {took}"
    examples = record.begun()["data"]["examples"]
    stage_steps.take_share(recipe, "distill", share, why, examples)
    steps = recipe.options("distill")["train_steps"]
    note = f"distillation: {steps:,} steps, {why}"
    print(note, flush=True)
    recipe.notes.append(note)


def _has_begun(record):
    return os.path.exists(record.path("distilled", FLAGS))
