"""Takes fields of the network that no flag gives from the weights.

Depth, width and the rest have defaults, but a user who gives a checkpoint and
no `--resnet_depth` means the checkpoint's. Flags that were given stay, and
contradict the weights where they do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from simclrv2_tf import hub
from simclrv2_tf.config import BACKBONE
from simclrv2_tf.config import HEADS
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.models.keras_models.keras_classifier import image_size_of
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs.keras_networks import settle_backbone

OF_KERAS = ("backbone", "backbone_pixels")


def resolve(config: Config) -> Config:
    """The config, fields that were not given taken from the run or checkpoint.

    A run that goes on in `model_dir` is as its flags were; a new one as
    `--checkpoint` is. A student without `--image_size` has its teacher's.

    Args:
      config: A `Config`.
    """
    config = settle_backbone(config)
    known, goes_on = _known(config)
    # Weights without a projection head may get a new one; a run may not.
    headless = known.get("proj_head_mode", "none") == "none"
    parts = (BACKBONE,) if headless and not goes_on else (BACKBONE, HEADS)
    names: Iterable[str] = describing(config, *parts)
    if not known.get("backbone"):  # one that is asked for is new, or an error
        names = [name for name in names if name not in OF_KERAS]
    unset = [n for n in names if n in known and n not in config.given]
    return _with(config, {name: known[name] for name in unset})


def given(config: Config, names: Iterable[str]) -> dict:
    """{name: value} of those fields that the caller gave."""
    return {n: getattr(config, n) for n in names if n in config.given}


def _known(config):
    """The network's known fields, and whether they are those of a run."""
    before = model_dir.read_flags(config.model_dir)
    if before or not config.checkpoint:
        return before or _of_teacher(config), bool(before)
    weights = hub.find_weights(
        config.checkpoint, config.checkpoint_ema, config.checkpoint_ignore
    )
    return weights.arguments, False


def _of_teacher(config):
    """A student without a size of its own has its teacher's."""
    size = teacher_size(config)
    return {} if size is None else {"image_size": size}


def teacher_size(config: Config) -> int | None:
    """Side in pixels of the images that the teacher is meant for, if any.

    Of several teachers it is the largest.
    """
    if config.train_mode != "distill" or not config.teacher:
        return None
    sizes = map(_size, teacher_sources.split(config.teacher))
    return max((size for size in sizes if size), default=None)


def _size(source):
    if teacher_sources.is_keras(source):
        return image_size_of(source)
    return hub.find_weights(source).arguments.get("image_size")


def _with(config, known):
    return dataclasses.replace(config, **known) if known else config
