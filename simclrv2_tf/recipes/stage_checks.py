"""What is said against a job's stages before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from simclrv2_tf.config import Config
from simclrv2_tf.config import profiled
from simclrv2_tf.config.stage_overrides import read
from simclrv2_tf.recipes import folds
from simclrv2_tf.recipes import stage_devices
from simclrv2_tf.recipes import student_options
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.images.job_data import check_evaluates
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_configs import config_of
from simclrv2_tf.runs.plan import make_plan

# Of the data, which the job opens once for all of its stages.
_OF_THE_DATA = (
    "data_dir",
    "download",
    "image_feature",
    "label_feature",
    "label_map",
    "folder_classes",
    "apply_orientation",
    "resize_shorter_side",
    "exclude_images",
    "train_split",
    "eval_split",
    "holdout_fraction",
    "label_fraction",
    "labels_per_class",
    "label_seed",
)
# What the job gives a stage itself: what comes before it.
_OF_EARLIER_STAGES = ("finetune.checkpoint", "distill.teacher")


def check_given(config: Config) -> None:
    """Raises a ValueError for what a job would not heed.

    Args:
      config: The job's `Config`.
    """
    if config.teacher:
        raise ValueError(
            "The job makes its teacher itself; --checkpoint gives weights that "
            "it starts from, and --train_mode=distill takes a teacher that is "
            f"there. Received: --teacher={config.teacher}"
        )
    own = read(config.stage_options, config)
    for stage, options in own.items():
        for name, value in options.items():
            _check_own(stage, name, value)
    student_options.check(config, own)


def _check_own(stage, name, value):
    """An option that was given to one stage alone."""
    if name in _OF_THE_DATA:
        raise ValueError(
            f"The stages of a job share its images and labels: give --{name} "
            "for all of them, or leave it out. Received: "
            f"--{stage}.{name}={value}"
        )
    if f"{stage}.{name}" in _OF_EARLIER_STAGES:
        raise ValueError(
            "A stage of the job goes on from the one before it; --checkpoint "
            "gives weights that the job starts from. Received: "
            f"--{stage}.{name}={value}"
        )


def check_options(config: Config, recipe: Recipe, data: JobData) -> None:
    """Raises a ValueError for a stage whose options do not go together.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe` as far as it is made.
      data: Its `JobData`.
    """
    for stage, of_stage in configs(config, recipe, data):
        try:
            _check_judging(of_stage, data)
        except ValueError as error:
            raise against(stage, error) from None


def _check_judging(config, data):
    """How a stage compares its checkpoints, which it does as it begins."""
    if config.best_folds:
        folds.check(config, data.train.labels[data.labelled])
    else:
        check_evaluates(config, data.evaluation, data.note)


def check_steps(
    config: Config, recipe: Recipe, data: JobData, replicas: int
) -> None:
    """Raises a ValueError for a stage that its images do not allow.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe`, which is made.
      data: Its `JobData`.
      replicas: Devices that the job shares its batches by; a stage may have
        one alone.
    """
    for stage, of_stage in configs(config, recipe, data):
        parts = stage_devices.replicas_of(of_stage.strategy, replicas)
        try:
            check_division(stage, of_stage, data, parts)
        except ValueError as error:
            raise against(stage, error) from None


def check_division(
    stage: str, config: Config, data: JobData, replicas: int
) -> None:
    """Raises a ValueError for a stage that devices cannot train by its images.

    Args:
      stage: Its name.
      config: Its `Config`.
      data: The job's `JobData`.
      replicas: Devices that share its batches.
    """
    examples = data.train.num_examples
    if stage in ("finetune", "scratch"):
        examples = len(data.labelled)
    plan = make_plan(config, examples, replicas)
    if config.best_folds:
        folds.check_parts(config, examples, replicas)
    _check_profile(config.profile_steps, plan.train_steps)


def _check_profile(profile, steps):
    """A profile is of steps that there are, as training says when it begins."""
    first_and_last = profile and profiled(profile)
    if first_and_last and first_and_last[0] > steps:
        raise ValueError(
            f"`profile_steps` must be among the {steps:,} steps of training. "
            f"Received: profile_steps={profile!r}; give earlier steps."
        )


def notes(config: Config, recipe: Recipe, labelled: bool) -> list[str]:
    """What of a stage's options has no effect, in sentences.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe`, which is made.
      labelled: Whether there is an image with a label.
    """
    return [
        *_of_stages_left_out(config, recipe, labelled),
        *_of_a_kept_probe(recipe),
    ]


def _of_stages_left_out(config, recipe, labelled):
    """Options of their own that were given to stages that the job lacks."""
    for stage, own in read(config.stage_options, config).items():
        left_out = stage in recipe.left_out
        if own and (left_out or not labelled and stage != STAGES[0]):
            why = "weights are given" if left_out else "no image has a label"
            yield (
                f"--{stage}.{next(iter(own))} has no effect: the job has no "
                f"stage {stage}, as {why}"
            )


def _of_a_kept_probe(recipe):
    """Steps that were given to a teacher that does not take them."""
    given = recipe.given.get("finetune", {})
    kept = recipe.options("finetune").get("learning_rate") == 0
    if kept and not recipe.trials and "train_steps" in given:
        yield (
            "with so few labels the teacher is a linear probe of its features: "
            f"the {given['train_steps']:,} steps of fine-tuning that are given "
            "change nothing without --finetune.learning_rate"
        )


def configs(
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
            raise against(stage, error) from None
        yield stage, made


def against(stage: str, error: ValueError) -> ValueError:
    """The error of a stage, which says that it is of that one."""
    return ValueError(
        f"The stage {stage} of the job cannot be what the flags say (a flag "
        f"for it alone is --{stage}.NAME). {error}"
    )
