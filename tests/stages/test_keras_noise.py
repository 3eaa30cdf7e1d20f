"""What is random in a Keras backbone is drawn from seed and step alone."""

import keras
import keras_networks
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
VIEWS = RNG.random((2, 12, 16, 16, 3), np.float32)
LABELS = np.arange(12, dtype=np.int32) % 3


def stage_of(kind=Pretrain, rate=0.5, **options):
    keras.utils.set_random_seed(0)
    arguments = keras_networks.by_hand(rate)
    network = Network(**arguments, **keras_networks.HEADS)
    stage = kind(network, **options)
    stage.compile(optimizer=keras.optimizers.SGD(0.0))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def features(stage, **options):
    return stage.forward(VIEWS[0], **options)["final_avg_pool"].numpy()


def test_a_step_has_its_own_noise_and_the_same_each_time():
    stage = stage_of(FineTune)
    first = features(stage)
    np.testing.assert_array_equal(features(stage), first)
    assert np.abs(features(stage, first=4) - first).max() > 0.01
    stage.optimizer.iterations.assign(1)
    assert np.abs(features(stage) - first).max() > 0.01
    stage.optimizer.iterations.assign(0)
    np.testing.assert_array_equal(features(stage), first)


def test_seeds_differ():
    one, other = (stage_of(FineTune, seed=seed) for seed in (0, 1))
    assert np.abs(features(one) - features(other)).max() > 0.01


def test_without_noise_nothing_is_drawn():
    assert len(stage_of(FineTune).network.noise) == 1
    small = {"resnet_depth": 18, "width_multiplier": 0.0625}
    assert Network(**small, image_size=8).noise == []


def gradients(stage, embed):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(stage.contrast(*embed().projections))
    return tape.gradient(loss, stage.network.trainable_variables)


def in_parts(stage, microbatch):
    """The micro-batches one after another, with all their activations."""
    parts = [
        stage._encode(stage.network, tuple(VIEWS[:, k : k + microbatch]), k)
        for k in range(0, 12, microbatch)
    ]
    joined = [tf.concat(each, axis=0) for each in zip(*parts, strict=True)]
    return type("Embedded", (), {"projections": tuple(joined[:2])})


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_the_gradient_cache_draws_the_same_noise_twice(rate):
    stage = stage_of(rate=rate, microbatch=4)
    cached = gradients(stage, lambda: stage.embed(tuple(VIEWS)))
    plain = gradients(stage, lambda: in_parts(stage, 4))
    for got, expected in zip(cached, plain, strict=True):
        if expected is None:  # the classifier, which the loss does not read
            continue
        size = np.linalg.norm(expected) + 1e-6
        assert np.linalg.norm(got - expected) <= 1e-4 * size
