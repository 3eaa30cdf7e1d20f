"""What is said against a job's stages before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import HEADS
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.config import profiled
from simclrv2_tf.config.stage_overrides import read
from simclrv2_tf.models.keras_build import canonical
from simclrv2_tf.models.pixel_scaling import per_channel
from simclrv2_tf.recipes import stage_devices
from simclrv2_tf.recipes import student_check
from simclrv2_tf.recipes import student_options
from simclrv2_tf.recipes.choices import best_by_folds
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.images.job_data import check_evaluates
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_configs import config_of
from simclrv2_tf.recipes.stage_configs import given
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
# What means nothing to a teacher that is not trained beyond its linear probe.
_OF_TRAINING = ("optimizer", "fine_tune_after_block", "linear_probe_init")


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


def check_weights(recipe: Recipe, initial: dict[str, Any]) -> None:
    """Raises a ValueError if flags contradict the weights of `--checkpoint`.

    Args:
      recipe: The job's `Recipe` as far as it is made.
      initial: Arguments of the network that the weights are of, {} for none.
    """
    stage = "finetune" if "pretrain" in recipe.left_out else "pretrain"
    given = recipe.given.get(stage, {})
    names = [name for name in describing(Config, BACKBONE) if name in given]
    if not initial or not names:
        return
    (wanted,) = _settled({name: given[name] for name in names})
    try:
        architecture.check(initial, wanted)
    except ValueError as error:
        raise _against(stage, error) from None


def _settled(*networks):
    """Arguments of networks, a Keras backbone as weights have it.

    One that several have is loaded once.
    """
    texts = {network["backbone"] for network in networks if _is_keras(network)}
    known = {text: canonical(text) for text in texts}
    return [
        {**network, "backbone": known[network["backbone"]]}
        if _is_keras(network)
        else network
        for network in networks
    ]


def _is_keras(network):
    return bool(network.get("backbone"))


def check_networks(
    config: Config, recipe: Recipe, data: JobData, initial: dict[str, Any]
) -> None:
    """Raises a ValueError for a stage that cannot go on with the one before.

    Fine-tuning trains pretraining's network, and the student of distillation
    sees its teacher's images.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe` as far as it is made.
      data: Its `JobData`.
      initial: Arguments of the network that `--checkpoint` holds, {} for none.
    """
    made = dict(_configs(config, recipe, data))
    if "pretrain" in made and "finetune" in made:
        _check_teacher(made["pretrain"], made["finetune"], initial)
    if "distill" in made:
        _check_channels(made["finetune"], made["distill"])
    for stage, of_stage in made.items():
        _check_pixels(stage, of_stage)
    for stage in student_check.untried(made):
        try:
            student_check.check(stage, made[stage])
        except ValueError as error:
            raise _against(stage, error) from None


def _check_teacher(pretraining, tuning, initial):
    """A teacher cannot have another network than was pretrained."""
    names = describing(Config, BACKBONE, HEADS)
    own = {name: getattr(pretraining, name) for name in names}
    known = {n: v for n, v in initial.items() if n not in pretraining.given}
    wanted = {n: getattr(tuning, n) for n in names if n in tuning.given}
    networks = _settled({**own, **known}, wanted)
    has, other = architecture.differences(*networks)
    if has:
        raise ValueError(
            "Fine-tuning goes on with the network of pretraining, and needs "
            "the same: give a value to both stages, or to pretraining alone "
            f"(--pretrain.NAME). Received: {has} for pretraining, {other} for "
            "fine-tuning"
        )


def _check_channels(tuning, distilling):
    """Teacher and student look at the same images."""
    channels = [config.channels for config in (tuning, distilling)]
    if channels[0] != channels[1]:
        raise ValueError(
            "Teacher and student must take images of as many channels: give "
            "--channels for all stages, or leave it out. Received: "
            f"{channels[0]} for fine-tuning, {channels[1]} for distillation"
        )


def _check_pixels(stage, config):
    """Each channel has a mean and a deviation, as networks ask when made."""
    for name in ("input_mean", "input_std"):
        try:
            per_channel(name, getattr(config, name), config.channels)
        except ValueError as error:
            raise _against(stage, error) from None


def check_options(config: Config, recipe: Recipe, data: JobData) -> None:
    """Raises a ValueError for a stage whose options do not go together.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe` as far as it is made.
      data: Its `JobData`.
    """
    for stage, of_stage in _configs(config, recipe, data):
        try:
            _check_judging(of_stage, data)
        except ValueError as error:
            raise _against(stage, error) from None


def _check_judging(config, data):
    """How a stage compares its checkpoints, which it does as it begins."""
    if config.best_folds:
        best_by_folds.check(config, data.train.labels[data.labelled])
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
    for stage, of_stage in _configs(config, recipe, data):
        examples = data.train.num_examples
        if stage in ("finetune", "scratch"):
            examples = len(data.labelled)
        parts = stage_devices.replicas_of(of_stage.strategy, replicas)
        try:
            plan = make_plan(of_stage, examples, parts)
            if of_stage.best_folds:
                best_by_folds.check_parts(of_stage, examples, parts)
            _check_profile(of_stage.profile_steps, plan.train_steps)
        except ValueError as error:
            raise _against(stage, error) from None


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


def check_rates(config: Config, chosen: Recipe, left_out: list[str]) -> None:
    """Raises a ValueError for options that need a learning rate beside them.

    Args:
      config: The job's `Config`.
      chosen: What the rules chose, before the user's options are in it.
      left_out: Stages that the job does without.
    """
    lacking = [
        stage
        for stage, options in given(config).items()
        if stage not in left_out and _lacks_rate(options, chosen.options(stage))
    ]
    for stage in lacking:
        usual = chosen.options(stage)
        raise ValueError(
            f"{_asks_for_rates(config, stage, lacking)}. Received: no learning "
            f"rate for {stage}, where the recipe's {usual['learning_rate']:g} "
            f"is for {usual['optimizer']}"
        )
    _check_probe(config, chosen)


def _asks_for_rates(config, stage, lacking):
    """What to do about an optimizer that was given to one stage, or to all."""
    optimizer = given(config)[stage]["optimizer"]
    if "optimizer" in read(config.stage_options, config)[stage]:
        return _of_stage(stage, optimizer)
    return _of_stages(lacking, optimizer)


def _lacks_rate(options, usual):
    """Whether a stage has another optimizer than the recipe's rate is for."""
    if not usual or not usual["learning_rate"] or "learning_rate" in options:
        return False
    return options.get("optimizer", usual["optimizer"]) != usual["optimizer"]


def _of_stage(stage, optimizer):
    return (
        f"--{stage}.optimizer={optimizer} needs a learning rate: give "
        f"--{stage}.learning_rate too"
    )


def _of_stages(lacking, optimizer):
    named = " and ".join(f"--{stage}.learning_rate" for stage in lacking)
    return (
        f"--optimizer={optimizer} is for all stages and needs learning rates: "
        f"give {named} too, or say it of one stage "
        f"(--pretrain.optimizer={optimizer})"
    )


def _check_probe(config, chosen):
    """A linear probe that is kept has no steps that change it."""
    usual, options = chosen.options("finetune"), given(config)["finetune"]
    if not usual or usual["learning_rate"] or "learning_rate" in options:
        return
    own = read(config.stage_options, config)["finetune"]
    named = [name for name in _OF_TRAINING if name in options]
    names = [name for name in named if options[name] != usual.get(name)]
    if "optimizer" in names and "optimizer" not in own:
        names.remove("optimizer")  # it is for the stages that are trained
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
