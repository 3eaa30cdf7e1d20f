"""Networks of a job's stages that cannot go on from one another."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import HEADS
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.models.keras_models.keras_build import canonical
from simclrv2_tf.models.pixel_scaling import per_channel
from simclrv2_tf.recipes import student_check
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_checks import against
from simclrv2_tf.recipes.stage_checks import configs


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
        raise against(stage, error) from None


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
    made = dict(configs(config, recipe, data))
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
            raise against(stage, error) from None


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
            raise against(stage, error) from None
