"""The Keras network that a config names, and its lines in the plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from simclrv2_tf.config import Config
from simclrv2_tf.models.keras_models.keras_build import canonical
from simclrv2_tf.models.keras_models.keras_spec import FILE
from simclrv2_tf.models.keras_models.keras_spec import KERAS_HUB
from simclrv2_tf.models.keras_models.keras_spec import parse
from simclrv2_tf.models.network import Network


def settle_backbone(config: Config) -> Config:
    """The config with its backbone as the text that makes it again.

    In distillation it is `--student`, if that is given. A file or a preset is
    also where its weights come from.

    Args:
      config: A `Config`.

    Raises:
      ValueError: If there is no such network, or its weights are given twice.
    """
    config = _with_student(config)
    if not config.backbone:
        _check_unused(config)
        return config
    spec = parse(config.backbone)
    weights = config.backbone_weights
    if config.checkpoint and weights:
        raise ValueError(
            "Give the weights of `checkpoint` or of `backbone_weights`, not "
            f"both. Received: checkpoint={config.checkpoint!r}, "
            f"backbone_weights={weights!r}"
        )
    if spec.kind in (FILE, KERAS_HUB) and not config.checkpoint:
        weights = weights or config.backbone
    return dataclasses.replace(
        config, backbone=canonical(config.backbone), backbone_weights=weights
    )


def lines(network: Network) -> Iterator[str]:
    """Yields what a plan says of a network's normalization."""
    lowered = getattr(network.backbone, "lowered", None)
    if lowered:
        before, momentum = lowered
        yield (
            f"normalization     momentum {momentum:.4g} in place of "
            f"{before:g}, which is for longer training"
        )


def _with_student(config):
    """In distillation the student is the network, whatever stages share."""
    if config.train_mode != "distill" or not config.student:
        return config
    return dataclasses.replace(
        config,
        backbone=config.student,
        backbone_pixels=config.student_pixels,
        backbone_weights=config.student_weights,
        student=None,
        student_pixels=None,
        student_weights=None,
        given=config.given | {"backbone", "backbone_pixels"},
    )


def _check_unused(config):
    for name in ("backbone_pixels", "backbone_weights"):
        if getattr(config, name):
            raise ValueError(
                f"`{name}` is for a Keras backbone: give `backbone` too. "
                f"Received: {name}={getattr(config, name)!r}, backbone=None"
            )
