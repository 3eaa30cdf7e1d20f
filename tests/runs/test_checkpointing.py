"""What a checkpoint of a Keras backbone brings back."""

import keras
import keras_normalization
import numpy as np
import pytest

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.models import keras_constants
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import checkpointing
from simclrv2_tf.runs.resume_state import Progress
from simclrv2_tf.runs.start import momentum_start
from simclrv2_tf.stages.finetune import FineTune

features = keras_normalization.features


def stage_of(network):
    stage = FineTune(network, memory_momentum=0.9)
    stage.compile(optimizer=keras.optimizers.SGD(0.1))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def fresh():
    """A stage whose `Normalization` has a mean of 0 and a variance of 1."""
    arguments = keras_normalization.arguments()
    return stage_of(Network(**arguments, **keras_normalization.HEADS))


@pytest.fixture(scope="module")
def trained():
    return stage_of(keras_normalization.network())


def write(stage, directory, progress):
    tensors = run_directory.snapshot(
        stage.named_variables(), stage.optimizer.variables, progress
    )
    return run_directory.write(str(directory), 1, tensors)


def test_a_run_that_goes_on_is_normalised_as_it_was(trained, tmp_path):
    progress = Progress().note(trained, {})
    again = fresh()
    checkpointing.restore(again, write(trained, tmp_path, progress))
    for ours, theirs in zip(again.networks, trained.networks, strict=True):
        np.testing.assert_array_equal(features(ours), features(theirs))


def test_one_of_an_earlier_version_goes_on_without(trained, tmp_path):
    progress = Progress().note(trained, {})
    del progress["constants"]
    again = fresh()
    checkpointing.restore(again, write(trained, tmp_path, progress))
    for network in again.networks:
        assert keras_normalization.constants(network) == [[0.0] * 3, [1.0] * 3]


def test_the_average_of_a_checkpoint_is_normalised_as_the_network(trained):
    again = fresh()
    keras_constants.copy(trained.network, again.network)
    again.network.load_report = type("Report", (), {"left_out": {}})
    arrays = {
        n: v.numpy() for n, v in trained.average.named_variables().items()
    }
    momentum_start._assign_average(again, arrays)
    expected = features(trained.average.network)
    np.testing.assert_array_equal(features(again.average.network), expected)
