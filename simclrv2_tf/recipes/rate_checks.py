"""Options of stages that need a learning rate beside them."""

from __future__ import annotations

from simclrv2_tf.config import Config
from simclrv2_tf.config.stage_overrides import read
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_configs import given

# What means nothing to a teacher that is not trained beyond its linear probe.
_OF_TRAINING = ("optimizer", "fine_tune_after_block", "linear_probe_init")


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
        return _sentence_for_one(stage, optimizer)
    return _sentence_for_all(lacking, optimizer)


def _lacks_rate(options, usual):
    """Whether a stage has another optimizer than the recipe's rate is for."""
    if not usual or not usual["learning_rate"] or "learning_rate" in options:
        return False
    return options.get("optimizer", usual["optimizer"]) != usual["optimizer"]


def _sentence_for_one(stage, optimizer):
    return (
        f"--{stage}.optimizer={optimizer} needs a learning rate: give "
        f"--{stage}.learning_rate too"
    )


def _sentence_for_all(lacking, optimizer):
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
