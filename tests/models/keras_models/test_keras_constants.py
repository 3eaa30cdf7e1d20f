"""Constants of a Keras backbone are those that its variables tell."""

import json

import keras_normalization
import numpy as np
import pytest
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf import export
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.hub import earlier_constants
from simclrv2_tf.models.keras_models import keras_constants
from simclrv2_tf.models.keras_models.keras_weights import load_start
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.weight_average import WeightAverage

features = keras_normalization.features
EARLIER = {"skipped_batches": 0}  # the progress of a checkpoint without a mark


@pytest.fixture(scope="module")
def network():
    return keras_normalization.network()


def as_saved(network, directory, progress, **flags):
    """A directory of a run whose newest checkpoint has a network's weights."""
    tensors = run_directory.snapshot(network.named_variables(), (), progress)
    run_directory.write(str(directory), 3, tensors)
    flags = {**keras_normalization.arguments(), **flags}
    (directory / "flags.json").write_text(json.dumps(flags))
    return directory


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_a_start_from_a_file_is_normalised(name, tmp_path):
    path, model = str(tmp_path / name), keras_normalization.adapted()
    save = model.save if name.endswith(".keras") else model.save_weights
    save(path)
    made = Network(
        **keras_normalization.arguments(), **keras_normalization.HEADS
    )
    load_start(made, path)
    expected = model(keras_normalization.images()).numpy().mean((1, 2))
    np.testing.assert_allclose(features(made), expected, 1e-5, 1e-6)


def test_so_is_what_a_run_or_a_file_holds(network, tmp_path):
    mark = {**EARLIER, **earlier_constants.mark(network)}
    run = as_saved(network, tmp_path, mark)
    network.save(tmp_path / "x.keras")
    for source in (run, run / "ckpt-3", tmp_path / "x.keras"):
        again = simclrv2_tf.load_network(source)
        np.testing.assert_array_equal(features(again), features(network))


def test_so_is_the_average(network):
    average = WeightAverage(network, 0.9).network
    np.testing.assert_array_equal(features(average), features(network))


def test_a_run_of_an_earlier_version_stays_without(network, tmp_path, caplog):
    """It was trained so, unless Keras itself read its weights."""
    run = as_saved(network, tmp_path, EARLIER)
    again = simclrv2_tf.load_network(run)
    assert keras_normalization.constants(again) == [[0.0] * 3, [1.0] * 3]
    norm = again.backbone.model.layers[0]
    assert not np.any(norm.adapt_mean)
    assert "earlier version without the mean and the variance" in caplog.text
    as_saved(network, tmp_path, EARLIER, backbone_weights="x.weights.h5")
    again = simclrv2_tf.load_network(run)
    np.testing.assert_array_equal(features(again), features(network))


def test_weights_that_no_run_has_written_are_normalised(network, tmp_path):
    run = as_saved(network, tmp_path, {})
    again = simclrv2_tf.load_network(run)
    np.testing.assert_array_equal(features(again), features(network))


def test_a_resnet_has_none(caplog):
    resnet = Network(resnet_depth=18, width_multiplier=0.0625, image_size=8)
    assert keras_constants.variables(resnet) == []
    assert earlier_constants.mark(resnet) == {}
    assert not keras_constants.neutralize(resnet)


def test_an_export_is_normalised_unless_an_earlier_version_wrote_it(
    network, tmp_path, caplog
):
    shape = (keras_normalization.SIDE, keras_normalization.SIDE, 3)

    def prepare(encoded):
        return tf.ensure_shape(tf.io.parse_tensor(encoded, tf.float32), shape)

    version = export.export_network(network, str(tmp_path), 3, prepare)
    again = simclrv2_tf.load_network(version)
    np.testing.assert_array_equal(features(again), features(network))
    file = tmp_path / "3" / "network.json"
    told = json.loads(file.read_text())
    assert told.pop("constants") is True
    file.write_text(json.dumps(told))
    again = simclrv2_tf.load_network(version)
    assert keras_normalization.constants(again) == [[0.0] * 3, [1.0] * 3]
    assert "earlier version without the mean and the variance" in caplog.text


def test_a_network_takes_the_constants_of_another(network):
    other = Network(
        **keras_normalization.arguments(), **keras_normalization.HEADS
    )
    keras_constants.copy(network, other)
    expected = keras_normalization.constants(network)
    assert keras_normalization.constants(other) == expected
