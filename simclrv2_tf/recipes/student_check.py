"""Keras networks that a job's small network is, made before anything trains.

Pretraining's own is made when its steps are timed. That of distillation and of
training from scratch comes last, and what Keras refuses would end a job there.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping

from simclrv2_tf.config import Config
from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models import keras_weights
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import build
from simclrv2_tf.runs.keras_networks import settle_backbone

STAGES = ("distill", "scratch")
# Sides in pixels that are tried where images are too small; networks of
# keras.applications begin at 32, 71 or 75.
SIZES = (32, 48, 64, 75, 96, 128, 160, 224)
_CLASSES = 2  # of the network that is thrown away
_OF_STUDENTS = ("student", "student_pixels", "student_weights")
_OF_STAGES = ("backbone", "backbone_pixels", "backbone_weights")


def untried(made: Mapping[str, Config]) -> Iterator[str]:
    """Names of the stages whose Keras network no stage before them has.

    Args:
      made: {stage: its `Config`}.
    """
    seen = {_network(made["pretrain"])} if "pretrain" in made else set()
    for stage in STAGES:
        network = _network(made[stage]) if stage in made else (None,)
        if network[0] and network not in seen:
            yield stage
        seen.add(network)


def check(stage: str, config: Config) -> None:
    """Raises a ValueError unless a stage's network and its weights are there.

    Args:
      stage: Name of the stage.
      config: Its `Config`, which names a Keras network.
    """
    try:
        settled = settle_backbone(config)
        network = _made(stage, settled)
        keras_weights.load_start(network, settled.backbone_weights)
    except ValueError as error:
        raise ValueError(_as_given(config, str(error))) from None


def _network(config):
    """What a network is made from; nothing first where it is a ResNet."""
    names = [*_names(config), "image_size", "channels"]
    return tuple(getattr(config, name) for name in names)


def _names(config):
    """Options that name a stage's network."""
    of_student = config.train_mode == "distill" and config.student
    return _OF_STUDENTS if of_student else _OF_STAGES


def _made(stage, config):
    try:
        return Network(**build.architecture(config), num_classes=_CLASSES)
    except ValueError as error:
        raise ValueError(f"{error}{_larger(stage, config)}") from None


def _larger(stage, config):
    """Which images are large enough, "" where it is not for them."""
    if _fits(config, config.image_size):
        return ""
    sizes = [size for size in SIZES if size > config.image_size]
    size = next((size for size in sizes if _fits(config, size)), None)
    return f" --{stage}.image_size={size} is large enough." if size else ""


def _fits(config, size):
    """Whether Keras makes the network for images of that size."""
    try:
        keras_build.build(config.backbone, size, config.channels)
    except ValueError:
        return False
    return True


def _as_given(config, text):
    """An error of a backbone by the options that the user gave."""
    for name, given in zip(_OF_STAGES[1:], _names(config)[1:], strict=True):
        text = text.replace(name, given)
    return text
