"""The config of each run of a job: as one would start it by hand."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import HEADS
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.config.stage_overrides import OF_THE_JOB
from simclrv2_tf.config.stage_overrides import read
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import OF_NOW

# The directory of each stage, and its train_mode.
FOLDERS = {
    "pretrain": "pretrained",
    "finetune": "finetuned",
    "distill": "distilled",
    "scratch": "scratch",
}
MODES = {**{stage: stage for stage in STAGES}, "scratch": "finetune"}
# Of the job alone: its interruption keeps the time for all of its runs, and
# what it exports in the end is one of theirs.
_NOT_SHARED = (*OF_THE_JOB, "checkpoint", "holdout_fraction", "export_dir")

# Of the stages that train a classifier, and of that which has the most steps
# (fine-tuning may be a single one).
_NOT_IN_PRETRAINING = ("calibrate", "patience", "export_best", "knn_k")
_IN_ONE_ALONE = ("profile_steps",)
# How weights that are given are read. Fine-tuning goes on from pretraining,
# which has begun with these.
OF_WEIGHTS = (
    "backbone_weights",
    "checkpoint_ema",
    "checkpoint_ignore",
    "variable_schema",
)
# Weights of the job's own runs are read, and stay, as they are.
_AS_THEY_ARE = {
    "zero_init_logits_layer": False,
    **{name: getattr(Config, name) for name in OF_WEIGHTS},
}
# Of the network, what a stage may have another value of than the one before.
_OF_A_STAGE = ("image_size", "channels", "ft_proj_selector")
# Two ways to say the same: a stage's own wins over the other of all stages.
_INSTEAD = {
    "train_steps": "train_epochs",
    "train_epochs": "train_steps",
    "checkpoint_steps": "checkpoint_epochs",
    "checkpoint_epochs": "checkpoint_steps",
}
# What makes the network that is distilled into.
_NETWORK = (*describing(Config, BACKBONE, HEADS), "backbone_weights")
_OF_RESNETS = ("resnet_depth", "width_multiplier", "sk_ratio", "se_ratio")
_STUDENT = ("student", "student_pixels", "student_weights")
_OF_KERAS = ("backbone", "backbone_pixels", "backbone_weights")


def given(
    config: Config, pretrained: bool = False
) -> dict[str, dict[str, Any]]:
    """{stage: {option: value}} of what the user gave, for all or for one.

    Args:
      config: The job's `Config`.
      pretrained: Whether fine-tuning goes on from the weights of
        `--checkpoint`, and not from pretraining.
    """
    names = [name for name in config.given if name not in _NOT_SHARED]
    shared = {name: getattr(config, name) for name in sorted(names)}
    own = read(config.stage_options, config)
    stages = {s: {**_beside(own[s], shared), **own[s]} for s in STAGES}
    stages["scratch"] = _as_distilled(_beside(own["scratch"], shared), own)
    for stage in STAGES:
        for name in set(_elsewhere(stage, pretrained)) - set(own[stage]):
            stages[stage].pop(name, None)
    if not pretrained:
        stages["finetune"] |= _as_pretrained(own)
    for stage in STAGES[1:]:  # what is exported is what is evaluated
        if stages[stage].get("export_ema"):
            stages[stage].setdefault("eval_ema", True)
    return stages


def _beside(own, shared):
    """Options of all stages that mean something beside those of a stage."""
    return {n: v for n, v in shared.items() if _INSTEAD.get(n) not in own}


def _elsewhere(stage, pretrained):
    """Options that are for other stages than one where all have them."""
    longest = "distill" if pretrained else "pretrain"
    names = () if stage == longest else _IN_ONE_ALONE
    if stage == "pretrain":
        return (*names, *_STUDENT, *_NOT_IN_PRETRAINING)
    if stage != "finetune":
        return names
    begun_with = OF_WEIGHTS[:1] if pretrained else OF_WEIGHTS
    return (*names, *_STUDENT, *begun_with)


def _as_pretrained(own):
    """The network that was given to pretraining, which is fine-tuned."""
    names = set(describing(Config, BACKBONE, HEADS)) - set(_OF_A_STAGE)
    options = own["pretrain"]
    return {
        name: options[name]
        for name in options
        if name in names and name not in own["finetune"]
    }


def reading(config: Config) -> dict[str, Any]:
    """How the job's `--checkpoint` is read, as arguments of `load_network`.

    Args:
      config: The `Config` of the stage that begins with it, or the job's.
    """
    return {
        "ema": config.checkpoint_ema,
        "ignore": config.checkpoint_ignore,
        "variable_schema": config.variable_schema,
    }


def _as_distilled(shared, own):
    """Options of the network that learns from labels alone.

    It is the one that is distilled into, unless another is given for it.
    """
    other = _has_network(own["scratch"])
    taken = [n for n in _NETWORK if not (other and n in _OF_KERAS)]
    network = {n: own["distill"][n] for n in taken if n in own["distill"]}
    options = {**shared, **network}
    student = {**shared, **own["distill"], **own["scratch"]}
    if student.get("student") and not other:
        options = {n: v for n, v in options.items() if n not in _OF_KERAS}
        named = zip(_STUDENT, _OF_KERAS, strict=True)
        options |= {of: student[n] for n, of in named if student.get(n)}
    options |= own["scratch"]
    return {n: v for n, v in options.items() if n not in _STUDENT}


def _has_network(own):
    """Whether options of a stage are of another kind of network."""
    return any(name in own for name in ("backbone", *_OF_RESNETS))


def job_flags(config: Config) -> dict[str, Any]:
    """What makes this job another one than a job with other values.

    A recipe may be asked for without saying that it is for a job.
    """
    fields = dataclasses.fields(config)
    names = [f.name for f in fields if f.name in config.given]
    free = (
        "mode",
        "model_dir",
        "time_limit",
        "preemption_exit_code",
        "verbosity",
        "logger",
    )
    values = {n: getattr(config, n) for n in names if n not in free}
    return dict(sorted({**values, "train_mode": "semi_supervised"}.items()))


def config_of(
    config: Config, recipe: Recipe, stage: str, data: dict, evaluates: bool
) -> Config:
    """The config of a stage's run.

    Args:
      config: The job's `Config`.
      recipe: Its `Recipe`.
      stage: Name of the stage.
      data: Options that say what is set aside.
      evaluates: Whether there is something to evaluate on.
    """
    directory = os.path.join(config.directory, FOLDERS[stage])
    judged = evaluates and stage != "pretrain"
    options = {
        **_heeded(recipe.options(stage), stage, judged),
        **_of_now(config, recipe, stage),
        **data,
        **_beginnings(config, recipe, stage),
        "dataset": config.dataset,
        "train_mode": MODES[stage],
        "mode": "train_then_eval" if judged else "train",
        "model_dir": directory,
    }
    return Config(**options)


def _heeded(options, stage, judged):
    """Options without those that a run of the stage would have no use for.

    A run that is given one is refused, or warns; to a job they are given for
    all stages, and its recipe may be of an earlier version. Nor does it have
    the first call's logger, see `_of_now`.
    """
    without = {"logger"} if judged else {"logger", "knn_k"}
    if stage != "distill":
        without |= {"teacher", *_STUDENT}
    elif not options.get("student"):
        without |= set(_STUDENT)
    return {n: v for n, v in options.items() if n not in without}


def _of_now(config, recipe, stage):
    """What is as this call says, and not as the first one: who gets metrics.

    A strategy that the recipe has chosen, for fewer labels than devices, gives
    way to the stage's own alone.
    """
    own = read(config.stage_options, config)[stage]
    names = ("logger", *OF_NOW)
    shared = {n: getattr(config, n) for n in names if n in config.given}
    if any(reason.option == "strategy" for reason in recipe.of(stage)):
        shared.pop("strategy", None)
    return {**shared, **{n: own[n] for n in names if n in own}}


def _beginnings(config, recipe, stage):
    """What weights a stage starts from."""
    path = config.model_dir
    teacher = os.path.join(path, FOLDERS["finetune"])
    tuned = {"teacher": teacher}
    if recipe.self_distillation:
        tuned |= {"checkpoint": teacher, **_AS_THEY_ARE}
    pretrained = {"checkpoint": os.path.join(path, FOLDERS["pretrain"])}
    outer = {"checkpoint": config.checkpoint} if config.checkpoint else {}
    if "pretrain" in recipe.left_out:
        pretrained = outer
    return {
        "pretrain": outer,
        "finetune": {"checkpoint": None}
        if recipe.from_labels_alone
        else pretrained,
        "distill": tuned,
        "scratch": _as_the_student(config, recipe),
    }[stage]


def _as_the_student(config, recipe):
    """The student in recipes of earlier versions, which do not have it."""
    known, teachers = (
        recipe.given.get(stage, {}).get("backbone")
        for stage in ("scratch", "pretrain")
    )
    own = read(config.stage_options, config)["scratch"]
    has_it = known and known != teachers
    if has_it or not config.student or _has_network(own):
        return {}
    return {
        "backbone": config.student,
        "backbone_pixels": config.student_pixels,
        "backbone_weights": config.student_weights,
    }
