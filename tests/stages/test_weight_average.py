"""The average of a network with variables that have none."""

import keras
import keras_normalization
import numpy as np
import tensorflow as tf

from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.weight_average import WeightAverage

LABELS = np.arange(2, dtype=np.int32)


def test_whole_numbers_and_constants_are_taken_as_they_are():
    """A `Normalization` has a count, and a mean that no step changes."""
    stage = FineTune(keras_normalization.network(), memory_momentum=0.5)
    stage.compile(optimizer=keras.optimizers.SGD(0.1))
    stage.optimizer.build(stage.trainable_variables)
    names = stage.network.named_variables()
    before = {name: v.numpy() for name, v in names.items()}
    stage.train_step((keras_normalization.images(), LABELS))
    averages = stage.average.named_variables()
    for name, variable in names.items():
        average = averages[f"ema_model/{name}"].numpy()
        expected = (before[name] + variable.numpy()) / 2
        np.testing.assert_allclose(average, expected, 1e-5, 1e-6)
        same = np.array_equal(average, before[name])
        assert same or "Normalization" not in name, name
    assert any(name.endswith("Normalization/count") for name in names)


def test_a_count_of_a_layers_own_is_that_of_the_network():
    network = keras_normalization.counting()
    average = WeightAverage(network, 0.5)
    (count,) = (v for v in network.weights if v.dtype == "int32")
    count.assign(5)
    average.advance(tf.constant(False))
    (copy,) = (v for v in average.network.weights if v.dtype == "int32")
    assert int(copy.numpy()) == 0  # the step did not stand
    average.advance(tf.constant(True))
    assert int(copy.numpy()) == 5
