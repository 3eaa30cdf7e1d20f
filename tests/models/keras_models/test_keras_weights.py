"""What a Keras backbone starts from."""

import keras
import keras_networks
import numpy as np
import pytest

from simclrv2_tf.checkpoints import keras_layout
from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models import keras_weights
from simclrv2_tf.models.keras_models.keras_weights import load_start
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


def chain(*layers):
    return keras.Sequential([keras.Input((16, 16, 3)), *layers])


def convolution():
    return keras.layers.Conv2D(4, 3)


def start_from(source, target, weights, monkeypatch):
    """A network of the target after it starts from the weights of a source."""
    network = Network(
        backbone=target, backbone_pixels="0..1", image_size=16, num_classes=0
    )
    monkeypatch.setattr(keras_weights, "_model_with", lambda *_: source)
    load_start(network, weights)
    return network


@pytest.mark.parametrize("weights", ["imagenet", "efficientnet.keras"])
def test_a_scale_that_imagenet_brings_is_taken_in(weights, monkeypatch):
    """As in Keras's EfficientNets, which have that layer with weights alone."""
    norm = keras.layers.Normalization()
    scale = keras.layers.Rescaling([2.0, 0.5, 4.0])
    source = chain(norm, scale, convolution())
    norm.adapt_mean.assign([0.1, 0.2, 0.3])
    norm.adapt_variance.assign([0.5, 0.6, 0.7])
    norm.finalize_state()
    images = np.random.default_rng(0).random((2, 16, 16, 3), np.float32)
    expected = source(images).numpy().mean((1, 2))
    target = chain(keras.layers.Normalization(), convolution())
    monkeypatch.setattr(keras_weights, "_is_by_name", lambda network: True)
    network = start_from(source, target, weights, monkeypatch)
    got = network(images)["final_avg_pool"]
    np.testing.assert_allclose(got, expected, 1e-5, 1e-6)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (keras.layers.Rescaling(2.0), "layer 0 of theirs is Rescaling, of the"),
        (
            keras.layers.ReLU(),
            "layer 0 of theirs is ReLU, of the backbone Conv",
        ),
    ],
)
def test_weights_of_other_layers_are_refused(layer, words, monkeypatch):
    """Though all arrays are of the same shapes."""
    source, target = chain(layer, convolution()), chain(convolution())
    with pytest.raises(ValueError, match=words):
        start_from(source, target, "x.keras", monkeypatch)
    with pytest.raises(ValueError, match="of the backbone ReLU"):
        start_from(
            target,
            chain(convolution(), keras.layers.ReLU()),
            "x.keras",
            monkeypatch,
        )


def test_layers_without_effect_may_differ(monkeypatch):
    source = chain(
        keras.layers.RandomFlip(),
        convolution(),
        keras.layers.SpatialDropout2D(0.1),
        keras.layers.GlobalAveragePooling2D(),
    )
    network = start_from(source, chain(convolution()), "x.keras", monkeypatch)
    kernel = network.backbone.model.layers[0].kernel
    np.testing.assert_array_equal(kernel, source.layers[1].kernel)


def test_a_scale_is_taken_in_where_keras_makes_the_backbone(network):
    """From a file too, such as that of an EfficientNet that Keras saved."""
    named = Network(backbone="keras:MobileNetV3Small", image_size=32)
    assert keras_weights._is_by_name(named)
    assert not keras_weights._is_by_name(network)


def test_a_network_may_be_wrapped(monkeypatch):
    """As Keras's guide to transfer learning does."""
    layers = [keras.layers.ZeroPadding2D(), convolution(), keras.layers.ReLU()]
    inner = keras.Sequential([keras.Input((16, 16, 3)), *layers])
    target = chain(keras.layers.ZeroPadding2D(), convolution())
    target.add(keras.layers.ReLU())
    network = start_from(chain(inner), target, "x.keras", monkeypatch)
    got = network.backbone.model.get_weights()
    for one, other in zip(got, inner.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
