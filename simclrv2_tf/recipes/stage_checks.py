"""What is said against a job's stages before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from simclrv2_tf.config import Config
from simclrv2_tf.config.stage_options import read
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_configs import config_of
from simclrv2_tf.recipes.stage_configs import given
from simclrv2_tf.runs.plan import make_plan

# What means nothing to a teacher that is not trained beyond its linear probe.
_OF_TRAINING = ("optimizer", "fine_tune_after_block", "linear_probe_init")


def check_options(config: Config, recipe: Recipe, data: JobData) -> None:
    """Raises a ValueError for a stage whose options do not go together.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe` as far as it is made.
      data: Its `JobData`.
    """
    for _ in _configs(config, recipe, data):
        pass


def check_steps(
    config: Config, recipe: Recipe, data: JobData, replicas: int
) -> None:
    """Raises a ValueError for a stage that its images do not allow.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe`, which is made.
      data: Its `JobData`.
      replicas: Devices that share a batch.
    """
    for stage, of_stage in _configs(config, recipe, data):
        examples = data.train.num_examples
        if stage in ("finetune", "scratch"):
            examples = len(data.labelled)
        try:
            make_plan(of_stage, examples, replicas)
        except ValueError as error:
            raise _against(stage, error) from None


def check_rates(config: Config, recipe: Recipe) -> None:
    """Raises a ValueError for options that need a learning rate beside them.

    Args:
      config: The job's `Config`.
      recipe: What the rules chose, before the user's options are in it.
    """
    for stage, options in given(config).items():
        usual = recipe.options(stage)
        if not usual or "learning_rate" in options:
            continue
        rate, optimizer = usual["learning_rate"], usual["optimizer"]
        if rate and options.get("optimizer", optimizer) != optimizer:
            raise ValueError(
                f"--{stage}.optimizer={options['optimizer']} needs a learning "
                f"rate: give --{stage}.learning_rate too. Received: none, and "
                f"the recipe's {rate:g} is for {optimizer}"
            )
    _check_probe(config, recipe)


def _check_probe(config, recipe):
    """A linear probe that is kept has no steps that change it."""
    usual, options = recipe.options("finetune"), given(config)["finetune"]
    if not usual or usual["learning_rate"] or "learning_rate" in options:
        return
    own = read(config.stage_options, config)["finetune"]
    named = [name for name in _OF_TRAINING if name in options]
    names = [name for name in named if options[name] != usual.get(name)]
    names += ["train_epochs"] if "train_epochs" in own else []
    if names:
        raise ValueError(
            "With so few labels the teacher is a linear probe of its features "
            f"and is not trained further: --finetune.{names[0]} needs "
            "--finetune.learning_rate beside it. Received: "
            f"{names[0]}={options[names[0]]}, and no learning rate"
        )


def _configs(
    config: Config, recipe: Recipe, data: JobData
) -> Iterator[tuple[str, Config]]:
    """Each stage that the job goes through, and its `Config`."""
    config = dataclasses.replace(config, model_dir=config.model_dir or "job")
    evaluates = data.evaluation is not None
    for stage in STAGES if len(data.labelled) else STAGES[:1]:
        if stage in recipe.left_out:
            continue
        try:
            made = config_of(config, recipe, stage, data.options, evaluates)
        except ValueError as error:
            raise _against(stage, error) from None
        yield stage, made


def _against(stage, error):
    return ValueError(
        f"The stage {stage} of the job cannot be what the flags say (a flag "
        f"for it alone is --{stage}.NAME). {error}"
    )
