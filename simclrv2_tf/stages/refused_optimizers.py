"""Keras optimizers that a stage cannot train with as they are set."""

from __future__ import annotations

import keras

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")


def check_optimizer(optimizer: keras.Optimizer, replicas: int = 1) -> None:
    """Raises a ValueError for an optimizer that would do something else.

    Args:
      optimizer: Of a stage; one that scales losses holds another.
      replicas: That share a batch. Keras clips the gradient of each before
        it adds them up, by as many times too large a threshold.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    _check_moves(inner)
    if replicas > 1:
        _check_clips_nothing(optimizer, replicas)
        _check_clips_nothing(inner, replicas)


def _check_moves(optimizer):
    steps = getattr(optimizer, "gradient_accumulation_steps", None)
    if steps:
        raise ValueError(
            "A stage's optimizer must move at every step: leave "
            "`gradient_accumulation_steps` out and give batches that are as "
            "many times larger; `Pretrain(microbatch=…)` takes them in parts. "
            f"Received: gradient_accumulation_steps={steps}"
        )


def _check_clips_nothing(optimizer, replicas):
    for name in CLIPPING:
        limit = getattr(optimizer, name, None)
        if limit is not None:
            raise ValueError(
                f"A stage's optimizer cannot clip gradients on {replicas} "
                "replicas, as Keras clips the share of each before they are "
                f"added up: leave `{name}` out (LARS needs none), or train on "
                f"one device. Received: {name}={limit}"
            )
