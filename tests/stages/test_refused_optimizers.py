"""Optimizers that no stage can train with, refused by `compile`."""

from __future__ import annotations

import types

import keras
import pytest
from small_classifier import SMALL

from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.refused_optimizers import check_optimizer

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


CLIPS = ["clipnorm", "global_clipnorm", "clipvalue"]


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("name", CLIPS)
def test_replicas_clip_no_gradients(name, scaled):
    """Keras would clip the share of each, before they are added up."""
    optimizer = keras.optimizers.SGD(0.1, **{name: 0.5})
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    check_optimizer(optimizer, replicas=1)
    words = rf"on 8 replicas.*leave `{name}` out.*Received: {name}=0\.5"
    with pytest.raises(ValueError, match=words):
        check_optimizer(optimizer, replicas=8)


def test_the_strategy_of_the_stage_counts(monkeypatch):
    """It may be compiled outside of the scope that it was made in."""
    stage = FineTune(Network(**SMALL))
    stage.compile(optimizer=keras.optimizers.SGD(0.1, clipnorm=1.0))
    strategy = types.SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(FineTune, "distribute_strategy", strategy)
    with pytest.raises(ValueError, match=r"on 2 replicas.*clipnorm=1\.0"):
        stage.compile(optimizer=stage.optimizer)
