"""The momentum encoder and its memory, against a naive twin."""

import keras
import linear_network
import numpy as np
import pytest
import reference
import tensorflow as tf

from simclrv2_tf import losses
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.key_memory import KeyMemory
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
TINY = {
    "resnet_depth": 18,
    "width_multiplier": 0.0625,
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
    "num_classes": 3,
}
BATCH, FEATURES, RATE, TEMPERATURE = 5, 6, 0.2, 0.5


def linear_stage(momentum, size, tile=0, rate=RATE):
    keras.utils.set_random_seed(0)
    stage = Pretrain(
        linear_network.LinearNetwork(FEATURES),
        TEMPERATURE,
        tile=tile,
        memory_size=size,
        memory_momentum=momentum,
    )
    stage.compile(optimizer=keras.optimizers.SGD(rate))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def pixels(steps):
    """Views of one pixel, for each step a pair."""
    return RNG.normal(size=(steps, 2, BATCH, 1, 1, FEATURES)).astype("f")


def apart(ours, theirs):
    return np.abs(np.asarray(ours) - theirs).max()


@pytest.mark.parametrize("tile", [0, 3])
def test_ten_steps_are_those_of_the_naive_twin(tile):
    """The memory of 23 is no multiple of the ten keys of a step."""
    stage = linear_stage(0.7, 23, tile)
    weights = stage.network.dense.kernel
    twin = reference.MomentumTwin(weights.numpy(), 0.7, 23, TEMPERATURE, RATE)
    step = tf.function(stage.train_step, autograph=False)
    for number, views in enumerate(pixels(10)):
        stage.reset_metrics()
        loss = step((tuple(map(tf.constant, views)),))["train/contrast_loss"]
        expected = twin.step(*views[:, :, 0, 0])
        assert abs(float(loss) - expected) < 1e-6 * expected
        assert apart(weights, twin.weights) < 1e-6
        average = stage.average.network.dense.kernel
        assert apart(average, twin.average) < 1e-6
        filled = int(stage.memory.filled)
        assert filled == len(twin.memory) == min(23, 10 * (number + 1))
        oldest = int(stage.memory.written) - filled
        ring = np.roll(stage.memory.keys.numpy(), -oldest, axis=0)
        if filled < 23:
            assert not ring[filled:].any()
        assert apart(ring[:filled], np.array(twin.memory)) < 1e-6
    assert apart(average, weights.numpy()) > 0.01


def test_momentum_0_and_a_memory_of_one_batch_in_closed_form():
    """Weights that stand still: keys are the projections themselves."""
    stage = linear_stage(0.0, 2 * BATCH, rate=0.0)
    before, now = pixels(2)
    stage.train_step((tuple(before),))
    stage.reset_metrics()
    loss = stage.train_step((tuple(now),))["train/contrast_loss"]
    kernel = np.float64(stage.network.dense.kernel.numpy())
    old, new = (
        reference.unit(np.concatenate(x[:, :, 0, 0]) @ kernel)
        for x in (before, now)
    )
    logits = new @ np.concatenate([new, old]).T / TEMPERATURE
    partner = np.roll(np.arange(2 * BATCH), BATCH)
    np.fill_diagonal(logits, -np.inf)
    positive = logits[np.arange(2 * BATCH), partner]
    expected = np.log(np.exp(logits).sum(1)) - positive
    assert float(loss) == pytest.approx(2 * expected.mean(), rel=1e-6)


@pytest.mark.parametrize("tile", [0, 4])
def test_with_keys_of_its_own_the_loss_is_nt_xent(tile):
    a, b = RNG.normal(size=(2, 7, 4)).astype("f")
    plain = losses.NTXent(tile=tile).compare(a, b)
    keys = losses.Keys(*(tf.math.l2_normalize(x, -1) for x in (a, b)))
    against = losses.NTXent(tile=tile).compare(a, b, keys)
    for ours, theirs in zip(against, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)


@pytest.mark.parametrize("filled", [0, 3, 11, 30])
def test_dense_and_tiled_agree_on_any_memory(filled):
    a, b, ka, kb = tf.unstack(
        tf.constant(RNG.normal(size=(4, 7, 4)), "float32")
    )
    memory = KeyMemory(11, 4)
    memory.push(tf.constant(RNG.normal(size=(filled, 4)), "float32"), True)
    found = []
    for tile in (0, 2, 256):
        with tf.GradientTape() as tape:
            tape.watch([a, b, ka, kb])
            pairs = losses.compare(
                a, b, 0.5, True, tile, losses.Keys(ka, kb, memory)
            )
        found.append([*pairs, *tape.gradient(pairs.loss, [a, b])])
    for other in found[1:]:
        for ours, theirs in zip(other, found[0], strict=True):
            np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)


def test_keys_have_no_gradient():
    a, b, ka, kb = tf.unstack(
        tf.constant(RNG.normal(size=(4, 7, 4)), "float32")
    )
    for tile in (0, 2):
        with tf.GradientTape() as tape:
            tape.watch([ka, kb])
            loss = losses.compare(
                a, b, tile=tile, keys=losses.Keys(ka, kb)
            ).loss
        assert tape.gradient(loss, [ka, kb]) == [None, None]
