"""The probe beside the original's linear evaluation, on the same features."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.stages.finetune import FineTune

SIZE, STEPS, BATCH = 8, 200, 128
CLOSE = 0.025  # of the share of right answers


def features(network, source, endpoint="final_avg_pool"):
    batches = pipeline.eval_dataset(source, 512, SIZE)
    found, _ = features_of(network, batches, endpoint)
    return found


def fit(network, source, optimizer, steps, frozen):
    stage = FineTune(network, fine_tune_after_block=frozen)
    stage.compile(optimizer=optimizer)
    ((images, numbers),) = pipeline.eval_dataset(
        source, source.num_examples, SIZE
    )
    data = tf.data.Dataset.from_tensor_slices((images, source.labels[numbers]))
    data = data.shuffle(len(images), seed=0).repeat().batch(BATCH)
    stage.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)


def linear_evaluation(network, source):
    """The original's: a frozen backbone, a head from zero, momentum."""
    for variable in network.supervised_head.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    squares = np.sum(np.square(features(network, source)), axis=1)
    decay = keras.optimizers.schedules.CosineDecay(0.5 / squares.mean(), STEPS)
    fit(network, source, keras.optimizers.SGD(decay, 0.9), STEPS, 4)


@pytest.mark.slow
def test_a_probe_tells_as_much_as_linear_evaluation():
    keras.utils.set_random_seed(0)
    network = Network(
        resnet_depth=18,
        width_multiplier=0.125,
        image_size=SIZE,
        proj_head_mode="none",
        num_classes=10,
    )
    train, test = sources.open_digits("train"), sources.open_digits("test")
    learnt = train.subset(np.arange(500))
    fit(network, learnt, keras.optimizers.Adam(3e-3), 60, -1)
    known, asked = features(network, train), features(network, test)
    strength, _ = cross_validation.choose_strength(known, train.labels)
    probe = linear_probe.fit(known, train.labels, 10, strength)
    told = np.mean(probe.classes(asked) == test.labels)
    linear_evaluation(network, train)
    np.testing.assert_array_equal(features(network, test), asked)
    logits = features(network, test, "logits_sup")
    trained = np.mean(logits.argmax(axis=1) == test.labels)
    assert told > 0.7
    assert abs(told - trained) < CLOSE
