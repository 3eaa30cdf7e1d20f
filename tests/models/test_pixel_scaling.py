"""What weights expect of pixels goes with them, wherever they go."""

import json
import logging

import numpy as np
import pytest
import stand_ins
import tensorflow as tf
from stand_ins import SMALL

from simclrv2_tf import export
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import pytorch_layouts
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import safetensors
from simclrv2_tf.config import Config
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs.resolve import resolve

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
IMAGES = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
TEXT = {"input_mean": "0.485,0.456,0.406", "input_std": "0.229,0.224,0.225"}
STANDARD = (IMAGES - np.float32(MEAN)) / np.float32(STD)


def network_of(**arguments):
    return stand_ins.network(SMALL, **arguments)


@pytest.fixture(scope="module")
def scaled():
    return network_of(input_mean=MEAN, input_std=STD)


@pytest.fixture(scope="module")
def plain():
    """The same weights, of a network that takes pixels as they come."""
    return network_of()


@pytest.fixture(scope="module")
def expected(plain):
    """Answers of the same weights to images that are standardised by hand."""
    return np.asarray(plain(STANDARD)["logits_sup"])


def assert_same(network, expected):
    answered = np.asarray(network(IMAGES)["logits_sup"])
    np.testing.assert_allclose(answered, expected, rtol=1e-4, atol=1e-5)


def test_the_network_takes_mean_and_deviation_itself(scaled, plain, expected):
    assert_same(scaled, expected)
    unscaled = np.asarray(plain(IMAGES)["logits_sup"])
    assert np.abs(unscaled - expected).max() > 0.01
    assert scaled.get_config()["input_mean"] == MEAN


def test_either_of_them_alone(plain):
    for given, images in (
        ({"input_mean": MEAN}, IMAGES - np.float32(MEAN)),
        ({"input_std": "0.5,0.25,2"}, IMAGES / np.float32([0.5, 0.25, 2])),
    ):
        expected = np.asarray(plain(images)["logits_sup"])
        assert_same(network_of(**given), expected)


@pytest.mark.parametrize("endpoint", ["initial_conv", "final_avg_pool"])
def test_a_backbone_takes_them_too(endpoint, scaled, plain):
    expected = plain(STANDARD)[endpoint]
    answered = Backbone(endpoint, scaled)(IMAGES)
    np.testing.assert_allclose(answered, expected, rtol=1e-3, atol=1e-4)


def test_a_keras_file_keeps_them(scaled, expected, tmp_path):
    scaled.save(tmp_path / "x.keras")
    assert_same(hub.load_network(tmp_path / "x.keras"), expected)


def test_a_run_keeps_them(scaled, expected, tmp_path):
    run_directory.save(str(tmp_path), 7, scaled.named_variables())
    flags = {**SMALL, **TEXT, "train_mode": "finetune"}
    (tmp_path / "flags.json").write_text(json.dumps(flags))
    assert_same(hub.load_network(tmp_path), expected)
    config = resolve(Config(checkpoint=str(tmp_path)))
    assert config.input_std == TEXT["input_std"]


@pytest.fixture(scope="module")
def fine_tuned(scaled, tmp_path_factory):
    """A run directory, whose flags are text."""
    directory = tmp_path_factory.mktemp("run")
    run_directory.save(str(directory), 7, scaled.named_variables())
    flags = {**SMALL, **TEXT, "train_mode": "finetune"}
    (directory / "flags.json").write_text(json.dumps(flags))
    return directory


@pytest.mark.parametrize("name", ["x.safetensors", "x.pth"])
def test_a_run_is_converted_with_them(name, fine_tuned, tmp_path):
    """It failed on the text, with the target there already."""
    if name == "x.pth":
        pytest.importorskip("torch")
    hub.convert(fine_tuned, tmp_path / name)
    arguments = hub.find_weights(tmp_path / name).arguments
    assert (arguments["input_mean"], arguments["input_std"]) == (MEAN, STD)


@pytest.mark.parametrize("name", ["model.ckpt-0", "ckpt-0"])
def test_a_run_is_converted_without_them(name, fine_tuned, tmp_path, caplog):
    hub.convert(fine_tuned, tmp_path / name)
    assert "does not keep input_mean=[0.485" in caplog.text
    stand_ins.assert_same(hub.find_weights(tmp_path / name).arrays, SMALL)


def test_a_conversion_takes_others_as_text(fine_tuned, tmp_path):
    target = tmp_path / "x.safetensors"
    with pytest.raises(ValueError, match="`input_mean` must be 3 numbers"):
        hub.convert(fine_tuned, target, input_mean="0,0")
    assert not target.exists()
    hub.convert(fine_tuned, target, input_mean="0,0,0", input_std="1,1,1")
    arguments = hub.find_weights(target).arguments
    assert (arguments["input_mean"], arguments["input_std"]) == (
        [0.0] * 3,
        [1.0] * 3,
    )


def test_files_of_pytorch_that_have_text_are_read(scaled, expected, tmp_path):
    torch = pytest.importorskip("torch")
    from simclrv2_tf.checkpoints import pytorch_module

    path = str(tmp_path / "x.safetensors")
    pytorch.write(path, stand_ins.weights(SMALL), {**SMALL, **TEXT})
    assert_same(hub.load_network(path), expected)
    network = pytorch_module.load(path)
    with torch.no_grad():
        images = torch.from_numpy(IMAGES.transpose(0, 3, 1, 2).copy())
        answered = network(images)["logits_sup"].numpy()
    np.testing.assert_allclose(answered, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_an_export_keeps_them(scaled, expected, tmp_path):
    path = export.export_network(scaled, str(tmp_path), 3, _image)
    assert_same(hub.load_network(path), expected)


def _image(encoded):
    pixels = tf.io.decode_png(encoded, 3)
    return tf.image.resize(tf.cast(pixels, tf.float32) / 255, [32, 32])


@pytest.mark.slow
def test_conversions_keep_them_or_say_that_they_do_not(
    scaled, expected, tmp_path, caplog
):
    scaled.save(tmp_path / "x.keras")
    hub.convert(tmp_path / "x.keras", tmp_path / "x.safetensors")
    assert_same(hub.load_network(tmp_path / "x.safetensors"), expected)
    caplog.set_level(logging.INFO, "simclrv2_tf")
    for name in ("model.ckpt-0", "x.weights.h5"):
        caplog.clear()
        hub.convert(tmp_path / "x.keras", tmp_path / name)
        assert "does not keep input_mean=[0.485" in caplog.text
        loaded = hub.load_network(
            tmp_path / name, input_mean=MEAN, input_std=STD
        )
        assert_same(loaded, expected)


def test_pytorch_answers_alike(scaled, expected, tmp_path):
    torch = pytest.importorskip("torch")
    from simclrv2_tf.checkpoints import pytorch_module

    scaled.save(tmp_path / "x.keras")
    hub.convert(tmp_path / "x.keras", tmp_path / "x.safetensors")
    network = pytorch_module.load(str(tmp_path / "x.safetensors"))
    with torch.no_grad():
        images = torch.from_numpy(IMAGES.transpose(0, 3, 1, 2).copy())
        answered = network(images)["logits_sup"].numpy()
    np.testing.assert_allclose(answered, expected, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def torchvision(tmp_path_factory):
    """The weights under torchvision's names, which have no projection head."""
    arguments = {**SMALL, "proj_head_mode": "none"}
    names = naming.names(pytorch_layouts.torchvision, arguments)
    weights = stand_ins.weights(arguments)
    tensors = {names[n]: pytorch._to_torch(a) for n, a in weights.items()}
    path = str(tmp_path_factory.mktemp("torchvision") / "x.safetensors")
    shapes = {n: a.shape for n, a in tensors.items()}
    safetensors.write(path, shapes, tensors.get)
    return path


def test_torchvision_weights_expect_imagenets(torchvision, expected):
    network = hub.load_network(torchvision, image_size=32)
    assert network.get_config()["input_mean"] == MEAN
    assert_same(network, expected)
    report = str(network.load_report)
    assert "less a mean of 0.485, 0.456, 0.406" in report
    assert "for others give input_mean=0,0,0 and input_std=1,1,1" in report


def test_torchvision_weights_of_another_making(torchvision, plain):
    network = hub.load_network(
        torchvision, image_size=32, input_mean="0,0,0", input_std=[1, 1, 1]
    )
    assert_same(network, np.asarray(plain(IMAGES)["logits_sup"]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"input_mean": "0.5"}, "`input_mean` must be 3 numbers.*'0.5'"),
        ({"input_mean": "a,b,c"}, "`input_mean` must be 3 numbers"),
        ({"input_std": [1, 1, 0]}, "`input_std` must be 3 positive numbers"),
        ({"input_std": [1, 1, np.nan]}, "`input_std` must be 3 positive"),
        ({"input_mean": 0.5}, "`input_mean` must be 3 numbers"),
    ],
)
def test_messages(given, words):
    with pytest.raises(ValueError, match=words):
        Network(**SMALL, **given)


def test_flags_take_numbers_as_lists_or_text():
    assert Config(input_mean=MEAN).input_mean == "0.485,0.456,0.406"
    assert Config(input_mean="0,0,0").input_mean == "0,0,0"
