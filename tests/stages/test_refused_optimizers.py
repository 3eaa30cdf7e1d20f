"""Optimizers that no stage can train with, refused by `compile`."""

from __future__ import annotations

import keras
import pytest
from small_classifier import SMALL

from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.finetune import FineTune

WORDS = "must move at every step.*Received: gradient_accumulation_steps=2"


@pytest.mark.parametrize("scaled", [False, True])
def test_gradients_are_not_accumulated_over_steps(scaled):
    stage = FineTune(Network(**SMALL))
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    with pytest.raises(ValueError, match=WORDS):
        stage.compile(optimizer=optimizer)


@pytest.mark.parametrize("scaled", [False, True])
def test_others_are_taken(scaled):
    optimizer = keras.optimizers.SGD(0.1)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    stage = FineTune(Network(**SMALL))
    stage.compile(optimizer=optimizer)
    assert stage.optimizer is optimizer
