"""EfficientNets whose weights come from a file see images as trained."""

import sys

import keras
import keras_networks
import numpy as np
import pytest

from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models import keras_imagenet_files
from simclrv2_tf.models.keras_models import keras_weights
from simclrv2_tf.models.keras_models.keras_classifier import (
    make_keras_classifier,
)
from simclrv2_tf.models.keras_models.keras_pixels import IMAGENET_MEAN
from simclrv2_tf.models.keras_models.keras_pixels import IMAGENET_STD
from simclrv2_tf.models.network import Network

OTHER = (0.01, 0.02, 0.03)
SIDE = 8


def images(side=SIDE):
    return keras_networks.images(side, 2)


def set_normalization(norm, variance):
    norm.adapt_mean.assign(IMAGENET_MEAN)
    norm.adapt_variance.assign(variance)
    norm.finalize_state()


def normalised(variance, *layers):
    """A model that normalises images and does what the layers do."""
    norm = keras.layers.Normalization()
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), norm, *layers])
    set_normalization(norm, variance)
    return model


def standardized(variance):
    return (images() - np.float32(IMAGENET_MEAN)) / np.sqrt(
        np.float32(variance)
    )


@pytest.mark.parametrize(
    ("variance", "expected"),
    [
        (IMAGENET_STD, np.square(IMAGENET_STD)),
        (np.square(IMAGENET_STD), np.square(IMAGENET_STD)),
        (OTHER, OTHER),
        (IMAGENET_STD[:1] * 3, IMAGENET_STD[:1] * 3),
    ],
)
def test_images_are_divided_by_the_deviation(variance, expected):
    model = normalised(variance)
    keras_imagenet_files.settle(model)
    got = model(images())
    np.testing.assert_allclose(got, standardized(expected), 1e-4, 1e-5)


def test_a_fixed_mean_and_variance_stay():
    """As in ConvNeXt."""
    norm = keras.layers.Normalization(mean=IMAGENET_MEAN, variance=IMAGENET_STD)
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), norm])
    keras_imagenet_files.settle(model)
    got = model(images())
    np.testing.assert_allclose(got, standardized(IMAGENET_STD), 1e-4, 1e-5)


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize("name", ["x.weights.h5", "x.h5"])
def test_a_backbone_by_name_starts_so(by_name, name, tmp_path, monkeypatch):
    """The scale is a layer that Keras makes for "imagenet" alone."""
    path = str(tmp_path / name)
    model = normalised(IMAGENET_STD, keras.layers.Conv2D(4, 3))
    save = model.save if name == "x.h5" else model.save_weights
    save(path)
    target = normalised(np.ones(3), keras.layers.Conv2D(4, 3))
    network = Network(
        backbone=target, backbone_pixels="0..1", image_size=SIDE, num_classes=0
    )
    monkeypatch.setattr(keras_weights, "_is_by_name", lambda network: by_name)
    keras_weights.load_start(network, path)
    if by_name:
        set_normalization(model.layers[0], np.square(IMAGENET_STD))
    expected = model(images()).numpy().mean((1, 2))
    got = network(images())["final_avg_pool"]
    np.testing.assert_allclose(got, expected, 1e-4, 1e-5)


@pytest.mark.parametrize("weights", ["x.h5", "imagenet"])
def test_a_teacher_with_a_file_does_so(weights, monkeypatch):
    layers = (keras.layers.Flatten(), keras.layers.Dense(3))
    model = normalised(IMAGENET_STD, *layers)
    monkeypatch.setattr(keras_build, "construct", lambda *_, **__: model)
    make_keras_classifier(f"keras:EfficientNetB0(weights={weights!r})", None, 3)
    squared = weights != "imagenet"  # with which there is a `Rescaling`
    expected = np.square(IMAGENET_STD) if squared else IMAGENET_STD
    np.testing.assert_allclose(
        model.layers[0].adapt_variance, expected, rtol=1e-5
    )


def efficientnet(top, folder, monkeypatch):
    """A file of weights, and the network as Keras makes it of that file."""
    shape = None if top else (32, 32, 3)
    make = keras.applications.EfficientNetB0
    model = make(include_top=top, weights=None, input_shape=shape)
    set_normalization(model.layers[2], IMAGENET_STD)
    path = str(folder / "x.weights.h5")
    model.save_weights(path)
    utils = sys.modules[make.__module__].file_utils
    monkeypatch.setattr(utils, "get_file", lambda *_, **__: path)
    return path, make(include_top=top, input_shape=shape)


@pytest.mark.slow
def test_a_file_gives_the_features_of_imagenet(tmp_path, monkeypatch):
    path, model = efficientnet(False, tmp_path, monkeypatch)
    network = Network(
        backbone="keras:EfficientNetB0", image_size=32, num_classes=0
    )
    keras_weights.load_start(network, path)
    expected = model(255 * images(32)).numpy().mean((1, 2))
    got = network(images(32))["final_avg_pool"]
    np.testing.assert_allclose(got, expected, 1e-3, 1e-5)


@pytest.mark.slow
def test_a_file_gives_the_answers_of_imagenet(tmp_path, monkeypatch):
    path, model = efficientnet(True, tmp_path, monkeypatch)
    source = f"keras:EfficientNetB0(weights={path!r}, classes=1000)"
    teacher = make_keras_classifier(source, None, 3)
    expected = np.log(model(255 * images(224)))
    got = teacher(images(224))["logits_sup"]
    np.testing.assert_allclose(got, expected, 1e-3, 1e-5)
