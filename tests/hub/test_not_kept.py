"""What converted weights do not tell of their network is told in words."""

import json
import logging

import keras
import keras_networks
import pytest
import stand_ins

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.hub import not_kept
from simclrv2_tf.models.network import Network

LARGE = {**stand_ins.SMALL, "image_size": 64, "ft_proj_selector": 1}
DEEP = {"resnet_depth": 50, "sk_ratio": 0.0625, "num_classes": 3}


def write_run(directory, arguments, **flags):
    """TF1 weights, and the flags of their run."""
    directory.mkdir()
    tf1.write(str(directory / "model.ckpt-7"), stand_ins.weights(arguments))
    (directory / "flags.json").write_text(json.dumps(flags))
    return directory


@pytest.mark.parametrize("form", ["weights.h5", "tf1", "tf2"])
@pytest.mark.parametrize(
    ("arguments", "lost"),
    [
        (stand_ins.SMALL, ""),
        ({**stand_ins.SMALL, "image_size": 224}, ""),
        (DEEP, ""),
        (LARGE, "ft_proj_selector=1, image_size=64"),
        ({**LARGE, "num_classes": 0}, "image_size=64"),
        ({**stand_ins.SMALL, "image_size": 24}, "image_size=24"),
        ({**DEEP, "sk_ratio": 0.125, "image_size": 96}, "image_size=96"),
        ({**LARGE, "sk_ratio": 0.5, "ft_proj_selector": 0}, "image_size=64"),
        ({**stand_ins.SMALL, "input_mean": [0.5]}, "input_mean=[0.5]"),
    ],
)
def test_what_a_form_does_not_keep(form, arguments, lost):
    words = f"the file does not keep {lost}: give them when it is loaded"
    expected = (words,) if lost else ()
    assert not_kept.sentences(form, arguments) == expected


@pytest.mark.parametrize("form", ["keras", "safetensors", "pth"])
def test_some_keep_all(form):
    assert not_kept.sentences(form, {**LARGE, "sk_ratio": 0.0625}) == ()


@pytest.mark.parametrize("name", ["model.ckpt-0", "ckpt-0", "x.safetensors"])
def test_a_run_converted_and_read_again(name, tmp_path, caplog):
    flags = {"image_size": 64, "ft_proj_selector": 1}
    run = write_run(tmp_path / "run", LARGE, **flags)
    hub.convert(run, tmp_path / name)
    arguments = hub.find_weights(tmp_path / name).arguments
    kept = {n: arguments.get(n) for n in flags} == flags
    words = "does not keep ft_proj_selector=1, image_size=64: give them"
    assert (words in caplog.text) != kept
    warned = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warned) == (not kept)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("model.ckpt-0", False), ("ckpt-0", True), ("x.safetensors", True)],
)
def test_averages_of_shallow_networks(name, kept, tmp_path, caplog):
    """With a small stem no shape shows that `sk_ratio` is above 0."""
    run = write_run(tmp_path / "run", stand_ins.SMALL, sk_ratio=0.0625)
    hub.convert(run, tmp_path / name)
    again = hub.find_weights(tmp_path / name).arguments["sk_ratio"]
    assert bool(again) == kept
    assert ("does not keep sk_ratio=0.0625" in caplog.text) != kept


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A network whose backbone is Keras's, built for images of 80 pixels."""
    keras.utils.set_random_seed(0)
    arguments = {**keras_networks.by_hand(side=80), **keras_networks.HEADS}
    path = tmp_path_factory.mktemp("foreign") / "source.keras"
    Network(**arguments).save(path)
    return path


def test_weights_of_keras_backbones_are_for_keras_alone(
    foreign, tmp_path, caplog
):
    hub.convert(foreign, tmp_path / "x.weights.h5")
    assert "Keras alone reads it" in caplog.text
    assert "write .keras for load_network" in caplog.text
    network = hub.load_network(foreign)
    network.load_weights(tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match="of no network .* as .keras"):
        hub.load_network(tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match="Received: 'tf1': write .keras"):
        hub.convert(foreign, tmp_path / "model.ckpt-0")


def test_keras_backbones_are_compared_at_their_size(foreign, tmp_path):
    hub.convert(foreign, tmp_path / "x.keras")
    errors = hub.compare(foreign, tmp_path / "x.keras")
    assert set(errors.values()) == {0.0}
    with pytest.raises(ValueError, match="`size` must be .* 80. .* size=64"):
        hub.compare(foreign, tmp_path / "x.keras", size=64)
