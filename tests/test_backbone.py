"""Backbones: the endpoints, frozen and trained, alone and under a model."""

import warnings

import keras
import numpy as np
import pytest
import stand_ins
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.models.backbone import Backbone

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 1 / 16,
    "image_size": 16,
    "num_classes": 3,
    "num_proj_layers": 2,
    "proj_out_dim": 4,
    "ft_proj_selector": 1,
}
IMAGES = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
ENDPOINTS = [
    "initial_conv",
    "block_group3",
    "final_avg_pool",
    "proj_sel",
    "logits_sup",
]


@pytest.fixture(scope="module")
def network():
    return stand_ins.network(SMALL)


@pytest.fixture(scope="module")
def run(network, tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    run_directory.save(str(directory), 3, network.named_variables())
    (directory / "flags.json").write_text(
        '{"ft_proj_selector": 1, "image_size": 16}'
    )
    return directory


def numbers(model):
    return [variable.numpy() for variable in model.variables]


def step(model):
    """A step of training mode; returns what has no gradient or stands still."""
    before = numbers(model)
    with tf.GradientTape() as tape:
        outputs = model(IMAGES, training=True)
        loss = tf.reduce_mean((outputs - 0.3) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    keras.optimizers.SGD(0.1).apply(gradients, model.trainable_variables)
    return {
        variable.path
        for variable, old in zip(model.variables, before, strict=True)
        if np.array_equal(old, variable.numpy())
    }


def topped(backbone):
    """A model of one's own: the backbone and a new layer."""
    inputs = keras.Input((16, 16, 3))
    hidden = keras.layers.Flatten()(backbone(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(hidden))


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(endpoint, marks=pytest.mark.slow)
        if endpoint in ("final_avg_pool", "proj_sel")
        else endpoint
        for endpoint in ENDPOINTS
    ],
)
def test_endpoint_is_that_of_the_network_and_all_of_it_is_trained(
    network, run, endpoint
):
    backbone = simclrv2_tf.load_backbone(run, endpoint)
    np.testing.assert_allclose(
        backbone(IMAGES), network(IMAGES)[endpoint], rtol=1e-5, atol=1e-6
    )
    assert not step(topped(backbone))


def test_only_what_the_endpoint_needs_is_there(run):
    backbone = simclrv2_tf.load_backbone(run, "block_group2")
    names = [layer.name for layer in backbone.layers]
    assert names == ["images", "stem", "block_group1", "block_group2"]
    lines = []
    backbone.summary(print_fn=lines.append)
    assert "block_group2" in "\n".join(lines)
    deep = simclrv2_tf.load_backbone(run, "proj_sel")
    assert "nl_1" not in [layer.name for layer in deep.layers]


def test_frozen_keeps_its_statistics_also_in_training_mode(run):
    backbone = simclrv2_tf.load_backbone(run, trainable=False)
    assert not backbone.trainable_variables
    np.testing.assert_array_equal(
        backbone(IMAGES, training=True), backbone(IMAGES, training=False)
    )
    model = topped(backbone)
    model.compile("sgd", "mse")
    before = numbers(backbone)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(IMAGES, np.ones((4, 2)), verbose=0)
    for old, new in zip(before, numbers(backbone), strict=True):
        np.testing.assert_array_equal(old, new)


def test_trainable_takes_and_advances_the_statistics_of_the_batch(run):
    backbone = simclrv2_tf.load_backbone(run)
    norm = backbone.get_layer("stem").norm
    before = norm.moving_mean.numpy()
    quiet, loud = backbone(IMAGES), backbone(IMAGES, training=True)
    assert not np.allclose(quiet, loud)
    assert not np.array_equal(before, norm.moving_mean.numpy())
    backbone.trainable = False
    before = norm.moving_mean.numpy()
    backbone(IMAGES, training=True)
    np.testing.assert_array_equal(before, norm.moving_mean.numpy())


def test_one_layer_is_frozen_alone(run):
    backbone = simclrv2_tf.load_backbone(run)
    backbone.get_layer("stem").trainable = False
    backbone.get_layer("block_group1").trainable = False
    still = step(backbone)
    for variable in backbone.variables:
        frozen = "/stem/" in variable.path or "/block_group1/" in variable.path
        assert (variable.path in still) == frozen, variable.path


def test_the_whole_is_trained_again_after_parts_were_frozen(run):
    backbone = simclrv2_tf.load_backbone(run, "block_group1")
    backbone.get_layer("stem").trainable = False
    backbone.get_layer("block_group1").blocks[1].trainable = False
    backbone.trainable = True
    assert not step(backbone)
    backbone.trainable = False
    assert not backbone.trainable_variables


def test_several_endpoints_make_a_dictionary(network, run):
    wanted = ("block_group2", "block_group4")
    backbone = simclrv2_tf.load_backbone(run, wanted)
    outputs = backbone(IMAGES)
    assert tuple(outputs) == wanted
    for name in wanted:
        expected = network(IMAGES)[name]
        np.testing.assert_allclose(outputs[name], expected, rtol=1e-5)
    again = Backbone.from_config(backbone.get_config())
    assert again.get_config() == backbone.get_config()


def test_config_tells_all(run):
    backbone = simclrv2_tf.load_backbone(run, "proj_sel", name="eyes")
    backbone.get_layer("stem").trainable = False
    config = backbone.get_config()
    assert (config["endpoint"], config["frozen"]) == ("proj_sel", ["stem"])
    again = Backbone.from_config(config)
    assert again.get_config() == config
    assert again.name == "eyes"
    assert not again.get_layer("stem").trainable


def test_saved_with_the_layers_on_top(run, tmp_path):
    backbone = simclrv2_tf.load_backbone(run, "proj_sel", trainable=False)
    model = topped(backbone)
    model.save(str(tmp_path / "model.keras"))
    again = keras.saving.load_model(str(tmp_path / "model.keras"))
    np.testing.assert_array_equal(again(IMAGES), model(IMAGES))
    assert len(again.trainable_variables) == 2
    inner = next(x for x in again.layers if isinstance(x, Backbone))
    assert inner.get_config() == backbone.get_config()
    inner.trainable = True
    assert not step(again)


def test_options_are_those_of_load_network(network, tmp_path):
    arrays = stand_ins.arrays_of(network)
    momentum = {f"ema_model/{n}": array + 1 for n, array in arrays.items()}
    tf1.write(str(tmp_path / "m"), {**arrays, **momentum})
    backbone = simclrv2_tf.load_backbone(tmp_path, "initial_conv", ema=True)
    expected = arrays["base_model/conv2d/kernel"] + 1
    np.testing.assert_array_equal(numbers(backbone)[0], expected)
    assert backbone.load_report.loaded


def test_messages(network):
    with pytest.raises(ValueError, match=r"`endpoint` must be one of \['init"):
        Backbone("block_group5", network)
    with pytest.raises(ValueError, match="has no classifier, `logits_sup`"):
        Backbone("logits_sup", **{**SMALL, "num_classes": 0})
    with pytest.raises(ValueError, match="at least one endpoint"):
        Backbone((), network)
    with pytest.raises(ValueError, match="`frozen` must be one of"):
        Backbone("block_group1", network, frozen=["block_group5"])
