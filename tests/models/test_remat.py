"""Rematerialised block groups: the same gradient, statistics moved once."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from perturbed import perturb

from simclrv2_tf.models.network import Network

KINDS = [
    {"resnet_depth": 18, "width_multiplier": 0.125},
    {"resnet_depth": 50, "width_multiplier": 0.0625, "sk_ratio": 0.0625},
]
IMAGES = np.random.default_rng(0).random((8, 16, 16, 3), np.float32)


def step(kind, remat, wrap):
    """Loss, gradients and all variables after a pass in training."""
    keras.utils.set_random_seed(0)
    network = Network(**kind, image_size=16, num_classes=0, proj_out_dim=8)
    network.backbone.remat = remat
    perturb(network)

    def run():
        with tf.GradientTape() as tape:
            outputs = network(IMAGES, training=True)
            loss = tf.reduce_sum(outputs["proj_head_output"] ** 3)
            # An endpoint on the way has its own gradient.
            loss += tf.reduce_mean(outputs["block_group2"])
        return loss, tape.gradient(loss, network.trainable_variables)

    loss, gradients = wrap(run)()
    return loss, gradients, [v.numpy() for v in network.variables]


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        (KINDS[0], lambda f: f),
        pytest.param(KINDS[0], tf.function, marks=pytest.mark.slow),
        pytest.param(KINDS[1], tf.function, marks=pytest.mark.slow),
    ],
)
def test_equals_the_plain_pass(kind, wrap):
    loss, gradients, variables = step(kind, False, wrap)
    same_loss, ours, mine = step(kind, True, wrap)
    np.testing.assert_allclose(same_loss, loss, rtol=1e-6)
    for one, other in zip(ours, gradients, strict=True):
        error = np.linalg.norm(one - other)
        assert error <= 1e-6 * np.linalg.norm(other)
    for one, other in zip(mine, variables, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.slow
def test_compiles_under_xla():
    plain = step(KINDS[0], False, lambda f: f)[1]
    compiled = step(KINDS[0], True, lambda f: tf.function(f, jit_compile=True))
    for one, other in zip(compiled[1], plain, strict=True):
        error = np.linalg.norm(one - other)
        assert error <= 1e-3 * np.linalg.norm(other)


def test_inference_is_untouched():
    network = Network(**KINDS[0], image_size=16)
    plain = network(IMAGES)["logits_sup"]
    network.backbone.remat = True
    np.testing.assert_array_equal(network(IMAGES)["logits_sup"], plain)
