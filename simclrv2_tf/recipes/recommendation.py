"""What a job would do, told before anything is trained."""

from __future__ import annotations

import os

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes import by_hand
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe

_NONE = "no flagfiles were written: --model_dir=DIR writes them"
_BY_HAND = (
    "by hand, one after another: simclrv2 --flagfile=FILE; what a job does "
    "beside stands in their comments"
)


def recommend_for(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict:
    """Says what a job would do and why; nothing is trained.

    Args:
      config: A `Config`; with a `model_dir` flagfiles are written there, with
        which the stages can be run by hand. Without one a line says that none
        are written. The recipe of a job that has begun there is told, and its
        files are left.
      source: A `Source` to train on, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's.

    Returns:
      Dictionary of "options" {stage: {option: value}}, "seconds" {part:
      seconds}, "notes", and "flagfiles", the paths that were written.

    Raises:
      ValueError: If data, machine and time do not go together, or `model_dir`
        is that of a run or of another job.
    """
    job_directory.check_machine(config)
    if config.model_dir:
        job_directory.check(config.model_dir)
    data = open_data(config, source, eval_source)
    begun = config.model_dir and job_directory.begun_with(config, data)
    if begun:
        recipe = Recipe.from_json(begun["recipe"])
    else:
        recipe = make_recipe.make_recipe(config, data)
    print("\n".join(recipe_text.lines(recipe)), flush=True)
    if begun:
        paths = _of_a_job(recipe, config.directory)
    else:
        paths = _written(config, recipe, data, source, eval_source)
    return {
        "options": {
            s: recipe.options(s) for s in STAGES if s in recipe.seconds
        },
        "seconds": recipe.seconds,
        "notes": recipe.notes,
        "flagfiles": paths,
    }


def _of_a_job(recipe, directory):
    """Paths of its flagfiles, which may say what it chose since."""
    print(f"\nwith this the job in {directory} began", flush=True)
    paths = recipe_text.flagfiles(recipe, directory).values()
    return [path for path in paths if os.path.exists(path)]


def _written(config, recipe, data, source, eval_source):
    """Paths of the flagfiles that are written, and says which, or why none."""
    if not config.model_dir:
        print(f"\n{_NONE}", flush=True)
        return []
    stages = by_hand.stages(config, recipe, data, source, eval_source)
    if not stages:
        print("\nno flagfiles were written: no stage is trained", flush=True)
        return []
    paths = recipe_text.write_flagfiles(recipe, config.directory, stages)
    print(f"\nwrote {', '.join(paths)}\n{_BY_HAND}", flush=True)
    return paths
