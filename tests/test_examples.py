"""The examples run as they stand, from what users have."""

import importlib.util
import pathlib
import types

import keras
import pytest
import tensorflow as tf
from stand_ins import arrays_of

import simclrv2_tf
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.models.network import Network

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
ARGUMENTS = {
    "resnet_depth": 18,
    "width_multiplier": 1 / 8,
    "image_size": 16,
    "num_classes": 3,
    "proj_out_dim": 8,
}


def example(name):
    path = EXAMPLES / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def network():
    """Random filters whose normalization has seen the digits."""
    keras.utils.set_random_seed(0)
    network = Network(**ARGUMENTS)
    digits = pipeline.eval_dataset(sources.open_digits(), 64, 16)
    look = tf.function(lambda x: network(x, training=True), autograph=False)
    for images, _ in digits.repeat().take(40):
        look(images)
    return network


def our_export(network, directory):
    run_directory.save(str(directory), 3, network.named_variables())
    (directory / "flags.json").write_text('{"image_size": 16}')
    return simclrv2_tf.export_model(directory)


def hub_module(network, directory):
    tf1.write(str(directory / "variables/variables"), arrays_of(network))
    (directory / "saved_model.pb").write_bytes(b"a graph of long ago")
    (directory / "tfhub_module.pb").write_bytes(b"")
    return str(directory)


def original_saved_model(network, directory):
    tree, arrays = {}, arrays_of(network)
    for name, path in naming.names(tf2.scheme, ARGUMENTS).items():
        tf2._plant(tree, path.split("/"), tf.Variable(arrays[name]))
    module = tf.Module()
    module.model = tf2._grown(tree)
    module.trainable_variables_list = tf.nest.flatten(tree)[::-1]
    tf.saved_model.save(module, str(directory / "3"))
    return str(directory)


@pytest.mark.parametrize(
    ("write", "epochs"),
    [
        pytest.param(hub_module, 1, marks=pytest.mark.slow),
        pytest.param(our_export, 15, marks=pytest.mark.slow),
        pytest.param(original_saved_model, 15, marks=pytest.mark.slow),
    ],
)
def test_transfer_to_the_digits(network, write, epochs, tmp_path, capsys):
    """Random filters alone tell most digits apart (chance is 10 %)."""
    weights = write(network, tmp_path)
    linear, tuned = example("transfer").main(weights, epochs=epochs)
    assert linear > 0.4
    assert tuned > (linear if epochs > 1 else 0.1)
    printed = capsys.readouterr().out
    assert f"linear probe: top-1 {linear:.1%} of 360" in printed
    assert f"fine-tuned:   top-1 {tuned:.1%} of 360" in printed


@pytest.mark.parametrize(
    ("names", "opened"),
    [
        (["train"], ["train[:80%]", "train[80%:]"]),
        (["test", "train"], ["train", "test"]),
        (["train", "validation"], ["train", "validation"]),
        (["test", "train", "validation"], ["train", "test"]),
    ],
)
def test_transfer_is_judged_on_a_split_that_there_is(
    names, opened, monkeypatch
):
    """That of imagenette is "validation", and TFDS takes no other name."""
    splits = []

    def open_source(dataset, split):
        splits.append(split)
        if len(splits) == 2:
            raise InterruptedError

    backbone = types.SimpleNamespace(image_size=16)
    monkeypatch.setattr(sources, "split_names", lambda dataset: names)
    monkeypatch.setattr(sources, "open_source", open_source)
    monkeypatch.setattr(
        simclrv2_tf, "load_backbone", lambda *_, **__: backbone, raising=False
    )
    with pytest.raises(InterruptedError):
        example("transfer").main("weights", "imagenette")
    assert splits == opened


def test_the_example_is_short():
    lines = (EXAMPLES / "transfer.py").read_text().splitlines()
    assert len(lines) <= 40
