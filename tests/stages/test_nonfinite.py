"""Steps with numbers that are not finite: nothing moves but the count."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from bad_replica import state
from small_classifier import network

from simclrv2_tf.optimizers import LARS
from simclrv2_tf.stages.distill import Distill
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 8, 8, 3), np.float32)
LABELS = np.array([0, 1, 2, -1], np.int32)
BAD = IMAGES.copy()
BAD[1, 2, 3, 0] = np.nan
STAGES = {
    "pretrain": (
        lambda: Pretrain(network()),
        lambda x: ((x, x[:, ::-1]), LABELS),
    ),
    "finetune": (lambda: FineTune(network()), lambda x: (x, LABELS)),
    "distill": (
        lambda: Distill(network(), network()),
        lambda x: (x, LABELS),
    ),
}


def compiled(kind, optimizer=None):
    make, data = STAGES[kind]
    stage = make()
    stage.compile(optimizer=optimizer or LARS(0.1))
    stage.optimizer.build(stage.trainable_variables)  # traced once, not twice
    return stage, data


@pytest.mark.parametrize(
    "kind",
    [
        "finetune",
        "pretrain",
        pytest.param("distill", marks=pytest.mark.slow),
    ],
)
def test_a_bad_step_changes_nothing_but_its_count(kind):
    stage, data = compiled(kind)
    step = tf.function(stage.train_step, autograph=False)
    step(data(tf.constant(IMAGES)))
    before = state(stage)
    logs = step(data(tf.constant(BAD)))
    for old, new in zip(before, state(stage), strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(stage.optimizer.iterations) == 2
    assert int(stage.nonfinite.skipped) == int(stage.nonfinite.in_a_row) == 1
    assert all(np.isfinite(float(value)) for value in logs.values())
    step(data(tf.constant(IMAGES)))
    assert any(
        (old != new).any()
        for old, new in zip(before, state(stage), strict=True)
    )
    assert (int(stage.nonfinite.skipped), int(stage.nonfinite.in_a_row)) == (
        1,
        0,
    )


def test_a_gradient_alone_can_be_bad():
    stage, _ = compiled("finetune", keras.optimizers.SGD(0.1))
    weights = stage.network.trainable_variables
    before = [v.numpy() for v in weights]
    with stage.tape() as tape:
        total = sum(tf.reduce_sum(v.value) for v in weights)
        loss = tf.sqrt(0.0 * total)  # 0, and its gradient infinity * 0
    stage.descend(tape, loss)
    assert int(stage.nonfinite.skipped) == 1
    for old, variable in zip(before, weights, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


def test_the_norm_is_that_of_the_gradient():
    stage, _ = compiled("finetune", keras.optimizers.SGD(0.0))
    weights = stage.network.trainable_variables
    with stage.tape() as tape:
        loss = sum(tf.reduce_sum(3.0 * v.value) for v in weights)
    stage.descend(tape, loss)
    size = sum(int(np.prod(v.shape)) for v in weights)
    assert float(stage.nonfinite.norm) == pytest.approx(3 * size**0.5, rel=1e-5)
    assert float(stage.nonfinite.largest) == float(stage.nonfinite.norm)
    stage.nonfinite.restart()
    assert float(stage.nonfinite.largest) == 0


def test_a_scaled_loss_is_guarded_and_lowers_its_scale():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    stage, data = compiled("finetune", scaled)
    step = tf.function(stage.train_step, autograph=False)
    step(data(tf.constant(IMAGES)))
    norm, scale = float(stage.nonfinite.norm), float(scaled.dynamic_scale)
    before = [v.numpy() for v in stage.network.variables]
    step(data(tf.constant(BAD)))
    for old, variable in zip(before, stage.network.variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())
    assert int(scaled.iterations) == 2
    assert float(scaled.dynamic_scale) == scale / 2
    plain, _ = compiled("finetune", keras.optimizers.SGD(0.1))
    plain.train_step(data(tf.constant(IMAGES)))
    assert norm == pytest.approx(float(plain.nonfinite.norm), rel=1e-3)


@pytest.mark.slow
def test_one_bad_replica_takes_the_step_back_on_all():
    program = pathlib.Path(__file__).parents[1] / "bad_replica.py"
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(program.parents[1])},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "kept": True,
        "moved": True,
        "steps": 3,
        "skipped": 1,
        "in_a_row": 0,
    }
