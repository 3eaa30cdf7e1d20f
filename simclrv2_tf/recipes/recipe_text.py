"""A recipe as a person reads it: the plan, and a flagfile for each stage."""

from __future__ import annotations

import os
from collections.abc import Iterator

from simclrv2_tf.console.units import duration
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import write_text

TITLES = {
    "pretrain": "pretraining, on all images",
    "finetune": "fine-tuning, on the labels",
    "distill": "distillation, on all images",
    "scratch": "for comparison: the small network from scratch",
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


def flagfile(recipe: Recipe, stage: str) -> str:
    """A flagfile of a stage, each number with its reason."""
    text = [f"# {TITLES[stage]}", ""]
    if stage == "distill" and recipe.self_distillation:
        text += ["# to be given beside: --checkpoint, the same as --teacher"]
    for reason in recipe.effective(stage):
        text += [f"# {reason.why} [{reason.source}]"]
        text += [f"--{reason.option}={reason.value}"]
    given = recipe.given.get(stage, {})
    text += [f"--{name}={value}" for name, value in given.items()]
    return "\n".join(text) + "\n"


def write_flagfiles(recipe: Recipe, directory: str) -> list[str]:
    """Writes a flagfile for each stage into `recipe/`; returns their paths."""
    paths = flagfiles(recipe, directory)
    for stage, path in paths.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_text(*os.path.split(path), flagfile(recipe, stage))
    return list(paths.values())


def flagfiles(recipe: Recipe, directory: str) -> dict[str, str]:
    """{stage: path} of the flagfiles of a recipe."""
    stages = [stage for stage in STAGES if stage in recipe.seconds]
    folder = os.path.join(directory, "recipe")
    return {stage: os.path.join(folder, f"{stage}.cfg") for stage in stages}
