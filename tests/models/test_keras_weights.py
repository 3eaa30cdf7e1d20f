"""What a Keras backbone starts from."""

import keras
import keras_networks
import numpy as np
import pytest

from simclrv2_tf.checkpoints import keras_layout
from simclrv2_tf.models import keras_build
from simclrv2_tf.models.keras_weights import load_start
from simclrv2_tf.models.network import KERAS_SCOPE
from simclrv2_tf.models.network import Network


@pytest.fixture
def network():
    return Network(**keras_networks.by_hand(), **keras_networks.HEADS)


def trained(seed=7):
    keras.utils.set_random_seed(seed)
    return keras_networks.sequential()


def test_checkpoints_know_the_scope_of_a_keras_backbone():
    assert keras_layout.SCOPE == KERAS_SCOPE


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_weights_come_from_a_file(network, name, tmp_path):
    path, model = str(tmp_path / name), trained()
    save = model.save if name.endswith(".keras") else model.save_weights
    save(path)
    load_start(network, path)
    for got, expected in zip(
        network.backbone.model.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("weights", [None, "", "random"])
def test_random_weights_stay(network, weights):
    before = network.backbone.model.get_weights()
    load_start(network, weights)
    for got, expected in zip(
        network.backbone.model.get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("imagenet", "are for networks of keras.applications"),
        ("gone.weights.h5", "there is nothing"),
        ("noisy", "must be random, imagenet, or a file"),
        ("gone.keras", "There is no file 'gone.keras'"),
    ],
)
def test_weights_that_are_none_are_a_sentence(network, weights, message):
    with pytest.raises(ValueError, match=message):
        load_start(network, weights)


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_weights_of_another_network_are_refused(network, name, tmp_path):
    path, model = str(tmp_path / name), keras_networks.classifier()
    save = model.save if name.endswith(".keras") else model.save_weights
    save(path)
    before = network.backbone.model.get_weights()
    with pytest.raises(ValueError, match="do not fit the backbone 'by_hand'"):
        load_start(network, path)
    for got, expected in zip(
        network.backbone.model.get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(got, expected)


def test_without_internet_the_file_is_named(monkeypatch):
    def fetches(**arguments):
        raise Exception(
            "URL fetch failure on https://example.org/w.h5: None -- no route"
        )

    spec = keras_build.parse("keras:MobileNetV3Small")
    with pytest.raises(
        ValueError, match="from https://example.org/w.h5: fetch"
    ):
        keras_build.construct(spec, fetches)
