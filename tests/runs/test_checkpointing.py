"""What a checkpoint of a Keras backbone brings back."""

import keras
import keras_normalization
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.models.keras_models import keras_constants
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


def test_workers_go_back_to_the_step_of_the_first(
    trained, tmp_path, monkeypatch
):
    write(trained, tmp_path, {})
    directory = str(tmp_path)
    own = checkpointing.newest_of_chief(directory)
    assert own == run_directory.prefix_of(directory, 1)
    seen = [(prefix, own) for prefix in (own, None)]
    for prefix, of_first in seen:  # another sees it, or does not yet
        monkeypatch.setattr(
            run_directory, "latest_valid", lambda d, prefix=prefix: prefix
        )
        monkeypatch.setattr(
            distribution,
            "join_workers",
            lambda rows: np.array([1, rows[0]]),
        )
        assert checkpointing.newest_of_chief(directory) == of_first


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


def test_checkpoints_of_another_program_are_not_gone_on_with(tmp_path):
    """As where the original's own `--model_dir` is given."""
    other = tf.train.Checkpoint(step=tf.Variable(3), w=tf.Variable([1.0]))
    prefix = other.save(str(tmp_path / "ckpt"))
    assert prefix.endswith("ckpt-1")
    before = sorted(path.name for path in tmp_path.iterdir())
    words = "another program .*ckpt-1.*new --model_dir, with --checkpoint=.*-1"
    with pytest.raises(ValueError, match=words):
        checkpointing.newest(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_our_own_are_and_so_are_those_of_keras_backbones(trained, tmp_path):
    prefix = write(trained, tmp_path, Progress().note(trained, {}))
    assert checkpointing.newest(str(tmp_path)) == prefix
    assert checkpointing.newest(str(tmp_path / "none")) is None
