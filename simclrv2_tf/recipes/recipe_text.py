"""A recipe as a person reads it: the plan, and a flagfile for each stage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.console.units import duration
from simclrv2_tf.recipes.by_hand import ByHand
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import write_text
from simclrv2_tf.recipes.stage_configs import FOLDERS

TITLES = {
    "pretrain": "pretraining, on all images",
    "finetune": "fine-tuning, on the labels",
    "distill": "distillation, on all images",
    "scratch": "for comparison: the small network from scratch",
}
# Parts of a job without labels that follow its stage.
_AFTER = {
    "embed": "embedding of all images",
    "page": "the page about the images, which is made last",
}
# Stage -> part of the job before it, its stage in the recipe, and its title.
_BEFORE = {
    "pretrain": ("pilots", "pilot", "pilot runs, to choose the augmentation"),
    "finetune": ("trials", "trial", "trials of how the teacher learns"),
}


def lines(recipe: Recipe) -> Iterator[str]:
    """What a job will do and why, for a person to read."""
    yield from recipe.notes
    total = sum(recipe.seconds.values())
    yield f"planned to take {duration(total)}"
    for stage in STAGES:
        if stage not in recipe.seconds:
            continue
        yield from _short_runs(recipe, stage)
        yield f"\n{TITLES[stage]} ({duration(recipe.seconds[stage])})"
        yield from map(_line, recipe.effective(stage))
        for name, value in recipe.given.get(stage, {}).items():
            yield f"  {f'--{name}={value}':<34} as given"
    for part, title in _AFTER.items():
        if part in recipe.seconds:
            yield f"\n{title} ({duration(recipe.seconds[part])})"


def _short_runs(recipe, stage):
    """Those that choose for a stage, before it."""
    part, runs, title = _BEFORE.get(stage, ("", "", ""))
    if part not in recipe.seconds:
        return
    yield f"\n{title} ({duration(recipe.seconds[part])})"
    yield from map(_line, recipe.of(runs))


def _line(reason):
    option = f"--{reason.option}={reason.value}"
    return f"  {option:<34} {reason.why} [{reason.source}]"


def flagfile(recipe: Recipe, stage: str, by_hand: ByHand | None = None) -> str:
    """A flagfile of a stage, each number with its reason.

    Args:
      recipe: A `Recipe`.
      stage: Name of the stage.
      by_hand: What a job gives the stage beside; None for a stage of a job,
        whose run writes a flagfile of its own.
    """
    heads = _of_a_job(recipe, stage) if by_hand is None else by_hand.notes
    text = [_head(stage), *map(_comment, heads), ""]
    instead = by_hand.options if by_hand else {}
    for reason in recipe.effective(stage):
        if reason.option not in instead:
            text += [f"# {reason.why} [{reason.source}]"]
            text += _flags({reason.option: reason.value})
    given = recipe.given.get(stage, {})
    text += _flags({n: v for n, v in given.items() if n not in instead})
    if by_hand is not None:
        text += [_comment(f"as a job runs this stage; {by_hand.data}")]
        text += _flags(instead)
    return "\n".join(text) + "\n"


def _of_a_job(recipe, stage):
    """What a flagfile lacks that tells the settings of a job's run alone."""
    yield (
        "these are settings alone: a run's own flagfile, "
        f"../{FOLDERS[stage]}/flags.cfg, has its data and its weights too"
    )
    if stage == "distill" and recipe.self_distillation:
        yield "to be given beside: --checkpoint, the same as --teacher"


def _comment(text):
    return f"# {' '.join(text.split())}"


def _flags(options: Mapping[str, Any]) -> list[str]:
    """A line for each option that is set."""
    return [f"--{n}={v}" for n, v in options.items() if v is not None]


def write_flagfiles(
    recipe: Recipe,
    directory: str,
    by_hand: Mapping[str, ByHand] | None = None,
) -> list[str]:
    """Writes a flagfile for each stage into `recipe/`, and no other stage's.

    Those of an earlier plan that had more stages are removed.

    Args:
      recipe: A `Recipe`.
      directory: Of the job.
      by_hand: {stage: what a job gives it beside}, where no job has begun.

    Returns:
      Their paths.
    """
    paths = flagfiles(recipe, directory)
    for stage, path in paths.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        text = flagfile(recipe, stage, by_hand[stage] if by_hand else None)
        write_text(*os.path.split(path), text)
    for stage in STAGES:
        if stage not in paths:
            _forget(stage, _path(directory, stage))
    return list(paths.values())


def _forget(stage, path):
    """Removes a flagfile that was written here; another's stays."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            ours = file.readline() == _head(stage) + "\n"
    except OSError:  # none, or none that can be read
        return
    if ours:
        os.remove(path)


def _head(stage):
    """The first line of a stage's flagfile."""
    return _comment(TITLES[stage])


def flagfiles(recipe: Recipe, directory: str) -> dict[str, str]:
    """{stage: path} of the flagfiles of a recipe."""
    stages = [stage for stage in STAGES if stage in recipe.seconds]
    return {stage: _path(directory, stage) for stage in stages}


def _path(directory, stage):
    return os.path.join(directory, "recipe", f"{stage}.cfg")
