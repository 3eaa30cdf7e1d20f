"""Any weights, one call: an ordinary network, and a report."""

import json
import logging
import shutil

import keras
import numpy as np
import pytest
import stand_ins
import tensorflow as tf
from stand_ins import SMALL

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import pytorch_layouts
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import safetensors
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2


@pytest.fixture(scope="module")
def weights():
    return stand_ins.weights(SMALL)


@pytest.fixture(scope="module")
def small():
    return stand_ins.network(SMALL, ft_proj_selector=1)


def of_tf1(directory, weights, name="model.ckpt-9"):
    tf1.write(str(directory / name), weights, 9)
    return directory


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5"])
def test_keras_files(small, name, tmp_path):
    save = small.save if name == "x.keras" else small.save_weights
    save(str(tmp_path / name))
    network = hub.load_network(tmp_path / name)
    stand_ins.assert_loaded(network)
    if name == "x.keras":
        config = {**network.get_config(), "name": small.name}
        assert config == small.get_config()


def test_keras_file_of_another_model(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(str(tmp_path / "x.keras"))
    model.save_weights(str(tmp_path / "x.weights.h5"))
    with pytest.raises(ValueError, match="to hold a Network.*'Sequential'"):
        hub.load_network(str(tmp_path / "x.keras"))
    with pytest.raises(ValueError, match="those of no network"):
        hub.load_network(str(tmp_path / "x.weights.h5"))


def test_files_are_told_by_their_bytes(small, weights, tmp_path):
    """Whatever they are called, alone in a directory or not."""
    small.save(str(tmp_path / "x.keras"))
    small.save_weights(str(tmp_path / "x.weights.h5"))
    pytorch.write(str(tmp_path / "x.safetensors"), weights, SMALL)
    for number, file in enumerate(sorted(tmp_path.iterdir())):
        renamed = tmp_path / f"weights-{number}"
        shutil.copy(file, renamed)
        stand_ins.assert_same(hub.find_weights(renamed).arrays, SMALL)
    with pytest.raises(ValueError, match="holds 3 sets of weights .x.keras, x"):
        hub.load_network(tmp_path)
    (tmp_path / "x.keras").unlink()
    (tmp_path / "x.weights.h5").unlink()
    stand_ins.assert_loaded(hub.load_network(tmp_path))


@pytest.mark.slow
def test_our_saved_model(small, tmp_path):
    from simclrv2_tf import export

    def prepare(encoded):
        image = tf.io.decode_image(encoded, 3, expand_animations=False)
        return tf.image.resize(tf.cast(image, tf.float32) / 255, (32, 32))

    versions = tmp_path / "run" / "saved_model"
    path = export.export_network(small, str(versions), 7, prepare)
    for place in (path, versions, tmp_path / "run"):
        network = hub.load_network(place)
        stand_ins.assert_loaded(network)
        assert network.get_config()["ft_proj_selector"] == 1


def test_hub_module_of_tf1(weights, tmp_path):
    """Variables are read; the graph is not, and may be anything."""
    directory = tmp_path / "hub" / "375"
    tf1.write(str(directory / "variables/variables"), weights)
    (directory / "saved_model.pb").write_bytes(b"a graph of long ago")
    (directory / "tfhub_module.pb").write_bytes(b"")
    for place in (directory, tmp_path / "hub", tmp_path):
        assert any_format.open_source(str(place)).kind == "TF1 hub module"
    stand_ins.assert_loaded(hub.load_network(directory))
    shutil.rmtree(directory / "variables")
    with pytest.raises(ValueError, match="lacks variables/variables.index"):
        hub.load_network(directory)


def test_hub_module_of_version_1_has_no_projection_head(tmp_path):
    arguments = {**SMALL, "proj_head_mode": "none"}
    weights = stand_ins.weights(arguments)
    named = {f"module/{name}": array for name, array in weights.items()}
    tf1.write(str(tmp_path / "variables/variables"), named)
    (tmp_path / "tfhub_module.pb").write_bytes(b"")
    network = hub.load_network(tmp_path)
    stand_ins.assert_loaded(network)
    assert network.get_config()["proj_head_mode"] == "none"


def test_run_directory_and_its_checkpoint(small, tmp_path):
    prefix = run_directory.save(str(tmp_path), 3, small.named_variables())
    (tmp_path / "flags.json").write_text(json.dumps({"ft_proj_selector": 2}))
    for place in (tmp_path, prefix):
        network = hub.load_network(place)
        stand_ins.assert_loaded(network)
        assert network.get_config()["ft_proj_selector"] == 2
    for text in ("{", "7"):
        (tmp_path / "flags.json").write_text(text)
        with pytest.raises(ValueError, match="must hold a run's flags as JSON"):
            hub.load_network(tmp_path)


def test_the_flags_that_the_original_leaves_beside_a_checkpoint(
    weights, tmp_path
):
    """They tell the selector; what contradicts the shapes is not believed."""
    flags = {"ft_proj_selector": 1, "sk_ratio": 0.0625, "image_size": 28}
    flags |= {"resnet_depth": 50, "tpu_name": None}
    of_tf1(tmp_path, weights)
    (tmp_path / "flags.json").write_text(json.dumps(flags))
    arguments = hub.find_weights(tmp_path).arguments
    assert (arguments["ft_proj_selector"], arguments["image_size"]) == (1, 28)
    assert arguments["resnet_depth"] == 18
    (tmp_path / "flags.json").write_text(json.dumps({"image_size": 224}))
    assert hub.find_weights(tmp_path).arguments["image_size"] == 32


def test_network_is_an_ordinary_trainable_model(weights, tmp_path):
    tf2.write(str(tmp_path / "ckpt-0"), weights, SMALL)
    network = hub.load_network(tmp_path)
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(images, training=True)["logits_sup"] ** 2)
    trained = network.backbone.trainable_variables
    assert {v.path for v in trained} >= {
        v.path for v in network.backbone.variables if "kernel" in v.path
    }
    gradient = tape.gradient(loss, trained)
    assert all(g is not None and np.any(g) for g in gradient)


def test_momentum_weights_with_the_trained_classifier(weights, tmp_path):
    stored = dict(weights)
    for name, array in weights.items():
        if not name.startswith("head_supervised"):
            stored[f"ema_model/{name}"] = array + 1
    network = hub.load_network(of_tf1(tmp_path, stored), ema=True)
    for name, variable in network.named_variables().items():
        extra = 0 if name.startswith("head_supervised") else 1
        np.testing.assert_array_equal(variable.numpy(), weights[name] + extra)


def test_momentum_weights_where_there_are_none(small, weights, tmp_path):
    small.save_weights(str(tmp_path / "x.weights.h5"))
    pytorch.write(str(tmp_path / "x.safetensors"), weights, SMALL)
    tf2.write(str(tmp_path / "ckpt-0"), weights, SMALL)
    for name in ("x.weights.h5", "x.safetensors", "ckpt-0"):
        with pytest.raises(ValueError, match="holds no momentum weights"):
            hub.load_network(tmp_path / name, ema=True)


def test_a_prefix_that_looks_like_a_published_name(
    weights, tmp_path, monkeypatch
):
    place = tmp_path / "simclrv2" / "pretrained" / "r50_1x_sk0"
    of_tf1(place, weights, "model.ckpt-250228")
    monkeypatch.chdir(tmp_path)
    name = "simclrv2/pretrained/r50_1x_sk0"
    for path in (name, f"{name}/model.ckpt-250228"):
        stand_ins.assert_loaded(hub.load_network(path))


def test_report_tells_what_was_left_out_and_which_layer_is_read(
    weights, tmp_path, caplog
):
    of_tf1(tmp_path, weights)
    with caplog.at_level(logging.INFO, "simclrv2_tf"):
        network = hub.load_network(tmp_path, num_classes=5, ft_proj_selector=1)
    report = network.load_report
    assert set(report.left_out) == {
        "head_supervised/linear_layer/dense/kernel",
        "head_supervised/linear_layer/dense/bias",
    }
    assert len(report.loaded) == len(weights) - 2
    assert "has 3 classes, the network 5 classes" in caplog.text
    assert "the supervised head reads projection layer 1" in caplog.text
    stand_ins.assert_loaded(network, but=["head_supervised"])


def test_no_projection_head_in_the_file(tmp_path):
    arguments = {**SMALL, "proj_head_mode": "none"}
    of_tf1(tmp_path, stand_ins.weights(arguments))
    bare = hub.load_network(tmp_path)
    assert bare.get_config()["proj_head_mode"] == "none"
    grown = hub.load_network(tmp_path, proj_head_mode="nonlinear")
    assert "no projection head" in str(grown.load_report)
    stand_ins.assert_loaded(grown, but=["head_contrastive"])


ONE_LAYER = {**SMALL, "num_proj_layers": 1}
LINEAR = {**SMALL, "proj_head_mode": "linear"}


@pytest.mark.parametrize(
    ("stored", "wanted"), [(ONE_LAYER, "linear"), (LINEAR, "nonlinear")]
)
def test_one_layer_is_a_linear_head_and_a_nonlinear_one(
    stored, wanted, tmp_path
):
    arrays = stand_ins.weights(stored)
    of_tf1(tmp_path, arrays)
    network = hub.load_network(tmp_path, proj_head_mode=wanted)
    assert network.get_config()["proj_head_mode"] == wanted
    (layer,) = network.projection_head.layers
    (kernel,) = (a for n, a in arrays.items() if "l_0/dense/kernel" in n)
    np.testing.assert_array_equal(layer.dense.kernel.numpy(), kernel)
    with pytest.raises(ValueError, match="say num_proj_layers 3"):
        hub.load_network(
            tmp_path, proj_head_mode="nonlinear", num_proj_layers=3
        )


def test_a_linear_head_through_tf2_objects(tmp_path):
    tf2.write(str(tmp_path / "ckpt-0"), stand_ins.weights(LINEAR), LINEAR)
    weights = hub.find_weights(tmp_path).with_head("linear")
    stand_ins.assert_same(weights.arrays, LINEAR)


@pytest.mark.parametrize(
    ("stored", "ignore", "classes", "layers"),
    [
        (SMALL, "supervised_head", 0, 3),
        (SMALL, "projection_head", 3, 0),
        (
            {**SMALL, "ft_proj_selector": 2},
            "(projection|supervised)_head",
            0,
            0,
        ),
        ({**LINEAR, "ft_proj_selector": 1}, "supervised_head", 0, 1),
    ],
)
def test_heads_of_our_files_are_passed_over(
    stored, ignore, classes, layers, tmp_path
):
    """What the file describes was expected nevertheless."""
    path = tmp_path / "x.safetensors"
    pytorch.write(str(path), stand_ins.weights(stored), stored)
    network = hub.load_network(path, ignore=ignore)
    assert network.get_config()["num_classes"] == classes
    assert len(network.projection_head.layers) == layers
    stand_ins.assert_loaded(
        network, but=["head_contrastive/nl_0"] * (layers == 1)
    )
    grown = hub.load_network(path, ignore=ignore, num_classes=7)
    assert grown.supervised_head is not None


def test_torchvision_weights_have_no_heads(tmp_path):
    arguments = {**SMALL, "proj_head_mode": "none", "num_classes": 0}
    arrays = stand_ins.weights(arguments)
    names = naming.names(pytorch_layouts.torchvision, arguments)
    path = str(tmp_path / "x.safetensors")
    tensors = {names[n]: pytorch._to_torch(a) for n, a in arrays.items()}
    shapes = {n: a.shape for n, a in tensors.items()}
    safetensors.write(path, shapes, tensors.get)
    network = hub.load_network(path, num_classes=7, proj_head_mode="nonlinear")
    stand_ins.assert_loaded(network, but=["head_"])
    assert "no supervised head" in str(network.load_report)
