"""From a config to objects: network, optimizer, stage."""

from __future__ import annotations

import functools
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from simclrv2_tf import hub
from simclrv2_tf import optimizers
from simclrv2_tf.config import Config
from simclrv2_tf.config import describing
from simclrv2_tf.config.required import required
from simclrv2_tf.data.source import Source
from simclrv2_tf.models import weight_decay
from simclrv2_tf.models.keras_models.keras_classifier import (
    make_keras_classifier,
)
from simclrv2_tf.models.keras_models.keras_weights import load_start
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs.inputs import make_augmentation
from simclrv2_tf.runs.plan import Plan
from simclrv2_tf.runs.start import distillation_checks
from simclrv2_tf.runs.start.momentum_start import continue_momentum
from simclrv2_tf.stages.distill import Distill
from simclrv2_tf.stages.distill import Teacher
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.finetune import balanced_weights
from simclrv2_tf.stages.pretrain import Pretrain
from simclrv2_tf.stages.stage import Stage


def architecture(config: Config) -> dict:
    """The arguments of `Network` that flags give, a dictionary."""
    return {name: getattr(config, name) for name in describing(config)}


def make_network(config: Config, num_classes: int) -> Network:
    """The network to be trained, from `--checkpoint` where one is given.

    A supervised head of another number of classes is left out of loading; the
    log says so.

    Args:
      config: A `Config`.
      num_classes: Classes of the data, 0 for none.
    """
    if not config.checkpoint:
        network = fresh_network(config, num_classes)
        if config.backbone:
            load_start(network, config.backbone_weights)
        return network
    wanted = {**architecture(config), "num_classes": num_classes}
    network = hub.load_network(
        config.checkpoint,
        ema=config.checkpoint_ema,
        variable_schema=config.variable_schema,
        ignore=config.checkpoint_ignore,
        **wanted,
    )
    if config.zero_init_logits_layer and network.supervised_head is not None:
        network.supervised_head.set_zero()
    return network


def load_teachers(config: Config) -> list[Teacher]:
    """The networks that `--teacher` names, as their weights tell them.

    Raises:
      ValueError: If one cannot be read, or has no trained classifier.
    """
    selector = config.teacher_proj_selector
    chosen: dict[str, Any] = (
        {} if selector is None else {"ft_proj_selector": selector}
    )
    sources = teacher_sources.split(required(config.teacher, "teacher"))
    pixels = teacher_sources.pixels(config.teacher_pixels, sources)
    teachers: list[Teacher] = []
    for source in sources:
        if teacher_sources.is_keras(source):
            made = make_keras_classifier(
                source, pixels[source], config.channels
            )
        else:
            weights_classes.check_classifier(source)
            made = hub.load_network(source, **chosen)
        teachers.append(made)
    return teachers


def fresh_network(config: Config, num_classes: int) -> Network:
    """The network that the flags describe, not trained."""
    return Network(**architecture(config), num_classes=num_classes)


def make_optimizer(
    config: Config, plan: Plan, network: Network
) -> keras.optimizers.Optimizer:
    """The optimizer with its schedule; what it leaves alone, by identity.

    LARS adapts and decays the kernels of backbone and projection head;
    normalization, biases and the supervised head it takes as they are.
    """
    optimizer = optimizers.build_optimizer(
        config.optimizer,
        make_schedule(plan),
        momentum=config.momentum,
        weight_decay=config.weight_decay,
    )
    plain = weight_decay.plain_variables(network)
    if hasattr(optimizer, "exclude_from_layer_adaptation"):
        optimizer.exclude_from_layer_adaptation(var_list=plain)
    if optimizers.decays_inside(config.optimizer):
        optimizer.exclude_from_weight_decay(var_list=plain)
    return optimizer


def make_schedule(
    plan: Plan,
) -> LearningRateSchedule:
    """The learning rate of each step: linear warm-up, then cosine decay."""
    return optimizers.warmup_cosine(
        plan.learning_rate, plan.warmup_steps, plan.train_steps
    )


def make_stage(
    config: Config,
    network: Network,
    teacher: Teacher | Sequence[Teacher] | None = None,
    labels: np.ndarray | None = None,
) -> Stage:
    """The stage that `--train_mode` names, not compiled yet.

    Args:
      config: A `Config`.
      network: The `Network` that is trained.
      teacher: That of distillation, or several.
      labels: Those that fine-tuning trains on, for `--class_weights`.
    """
    kinds: dict[str, Callable[..., Stage]] = {
        "pretrain": _pretrain,
        "finetune": functools.partial(_finetune, labels=labels),
        "distill": functools.partial(_distill, teacher=teacher),
    }
    stage = kinds[config.train_mode](
        config,
        network,
        augment=make_augmentation(config),
        weight_decay=config.weight_decay,
        seed=config.seed,
        memory_momentum=_momentum(config),
    )
    decays = optimizers.decays_inside(config.optimizer)
    stage.decay(weight_decay.decayed_by_loss(network, decays))
    network.backbone.remat = config.remat
    return stage


def _momentum(config):
    """Of the average; alone, 0 is none. A memory's has the stage's default."""
    alone = config.memory_momentum or None
    return config.memory_momentum if config.memory_size else alone


def _pretrain(config, network, **shared):
    tile = config.nt_xent_tile
    return Pretrain(
        network,
        config.temperature,
        config.hidden_norm,
        config.lineareval_while_pretraining,
        tile=tile if tile == "auto" else int(tile),
        microbatch=config.gradient_cache_microbatch,
        memory_size=config.memory_size,
        **shared,
    )


def _finetune(config, network, labels, **shared):
    weights = None
    if config.class_weights == "balanced":
        weights = balanced_weights(labels, network.get_config()["num_classes"])
    return FineTune(
        network,
        config.fine_tune_after_block,
        config.frozen_batch_norm,
        weights,
        **shared,
    )


def _distill(config, network, teacher, **shared):
    return Distill(
        network,
        teacher,
        config.distill_temperature,
        config.distill_alpha,
        **shared,
    )


def compiled_stage(
    config: Config, plan: Plan, source: Source, resumes: bool
) -> Stage:
    """The stage that trains, with its network and optimizer.

    Args:
      config: A `Config`.
      plan: Its `Plan`.
      source: The `Source` to train on, for its classes.
      resumes: Whether a run's checkpoint is read into it next, so that those
        of `--checkpoint` need not be.

    Raises:
      ValueError: If a teacher has other classes than the data.
    """
    num_classes: int = source.num_classes
    teachers: list[Teacher] = []
    if config.train_mode == "distill":
        teachers = load_teachers(config)
        num_classes = num_classes or teachers[0].get_config()["num_classes"]
        distillation_checks.check_classes(config, teachers, source, num_classes)
        distillation_checks.check_labels(config, source)
    make = fresh_network if resumes else make_network
    network = make(config, num_classes)
    stage = make_stage(config, network, teachers, source.labels)
    if config.checkpoint and not resumes and config.train_mode == "pretrain":
        continue_momentum(config, stage)
    if config.backbone:
        _settle_statistics(stage, plan.train_steps)
    stage.compile(optimizer=make_optimizer(config, plan, network))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def _settle_statistics(stage, steps):
    """Has moving statistics of Keras backbones forget their start in time."""
    for network in stage.networks:
        network.backbone.settle_statistics(steps)


def set_determinism(config: Config) -> None:
    """Has GPUs take the kernels that repeat their bits, if asked.

    Those of the CPU do so by themselves, with as many threads: nothing is
    switched there, where it would slow the input down.
    """
    if config.deterministic and tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
