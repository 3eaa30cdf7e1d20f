"""What a job would do, told before anything is trained."""

from __future__ import annotations

import os

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe


def recommend_for(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict:
    """Says what a job would do and why; nothing is trained.

    Args:
      config: A `Config`; with a `model_dir` flagfiles are written there. The
        recipe of a job that has begun there is told, and its files are left.
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
    return {
        "options": {
            s: recipe.options(s) for s in STAGES if s in recipe.seconds
        },
        "seconds": recipe.seconds,
        "notes": recipe.notes,
        "flagfiles": _written(recipe, config.model_dir, bool(begun)),
    }


def _written(recipe, directory, begun):
    """Paths of the flagfiles; those of a job may say what it chose since."""
    if not directory:
        return []
    if begun:
        print(f"\nwith this the job in {directory} began", flush=True)
        paths = recipe_text.flagfiles(recipe, directory).values()
        return [path for path in paths if os.path.exists(path)]
    written = recipe_text.write_flagfiles(recipe, directory)
    print(f"\nwrote {', '.join(written)}", flush=True)
    return written
