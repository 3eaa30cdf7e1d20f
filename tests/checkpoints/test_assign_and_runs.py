"""Strict loading, TF1 names, run directories, architecture, load_network."""

import json

import numpy as np
import pytest
import tensorflow as tf
from stand_ins import arrays_of

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.models.network import Network

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 0.25,
    "image_size": 32,
    "num_classes": 4,
}


@pytest.fixture(scope="module")
def network():
    network = Network(**SMALL)
    for variable in network.variables:
        variable.assign_add(tf.random.normal(variable.shape) * 0.01)
    return network


@pytest.fixture
def arrays(network):
    return arrays_of(network)


def assert_same(network, arrays):
    variables = network.named_variables()
    assert set(variables) == set(arrays)
    for name, variable in variables.items():
        np.testing.assert_array_equal(variable.numpy(), arrays[name])


def test_assign_names_what_does_not_fit():
    variables = {"a": tf.Variable([0.0, 0.0]), "b": tf.Variable([0.0])}
    arrays = {"a": np.ones(3), "c": np.ones(1)}
    with pytest.raises(ValueError, match="missing: 1 .b.; unexpected: 1 .c."):
        assign.assign_strict(variables, arrays)
    with pytest.raises(ValueError, match=r"a \(3,\) for \(2,\)"):
        assign.assign_strict(variables, arrays)
    assert variables["b"].numpy() == [0.0]  # nothing was set


def test_assign_excuses_by_name():
    variables = {"a": tf.Variable([0.0]), "head/b": tf.Variable([0.0])}
    report = assign.assign_strict(
        variables, {"a": np.ones(1)}, {"head/": "no head"}
    )
    assert report.loaded == ("a",)
    assert report.left_out == {"head/b": "no head"}
    assert "left out 1 (head/b): no head" in str(report)


def test_tf1_round_trip(network, arrays, tmp_path):
    prefix = str(tmp_path / "model.ckpt-7")
    tf1.write(prefix, arrays, global_step=7)
    for path in (prefix, str(tmp_path), prefix + ".index"):
        assert_same(network, tf1.read(path))
    loaded = hub.load_network(str(tmp_path))
    assert_same(loaded, arrays)


def test_tf1_passes_over_slots_and_takes_momentum_weights(arrays, tmp_path):
    stored = {f"ema_model/{n}": a + 1 for n, a in arrays.items()}
    stored |= {f"{n}/Momentum": a for n, a in arrays.items()}
    stored |= arrays | {"memory": np.ones(3, np.float32)}
    prefix = str(tmp_path / "model.ckpt")
    tf1.write(prefix, stored)
    plain, momentum = tf1.read(prefix), tf1.read(prefix, ema=True)
    assert set(plain) == set(momentum) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(plain[name], array)
        np.testing.assert_array_equal(momentum[name], array + 1)


def test_run_directory_round_trip(network, arrays, tmp_path):
    directory = str(tmp_path)
    for step in (1, 2, 3):
        run_directory.save(directory, step, network.named_variables(), keep=2)
    newest = run_directory.latest(directory)
    assert run_directory.step_of(newest) == 3
    assert not (tmp_path / "ckpt-1.index").exists()
    for name, array in run_directory.read(newest).items():
        np.testing.assert_array_equal(array, arrays[name])
    assert_same(hub.load_network(directory), arrays)


def test_selector_comes_from_the_run(network, tmp_path):
    run_directory.save(str(tmp_path), 1, network.named_variables())
    flags = {"ft_proj_selector": 2, "image_size": 28}
    (tmp_path / "flags.json").write_text(json.dumps(flags))
    config = hub.load_network(str(tmp_path)).get_config()
    assert (config["ft_proj_selector"], config["image_size"]) == (2, 28)


def test_another_number_of_classes_leaves_the_head_out(arrays, tmp_path):
    tf1.write(str(tmp_path / "m"), arrays)
    loaded = hub.load_network(str(tmp_path), num_classes=9)
    assert loaded.get_config()["num_classes"] == 9
    kernel = "base_model/conv2d/kernel"
    np.testing.assert_array_equal(
        loaded.named_variables()[kernel].numpy(), arrays[kernel]
    )


def test_variable_schema_leaves_variables_out(arrays, tmp_path):
    tf1.write(str(tmp_path / "m"), arrays)
    schema = "(?!global_step|(?:.*/|^)Momentum|head)"
    loaded = hub.load_network(str(tmp_path), variable_schema=schema)
    for name, array in arrays_of(loaded).items():
        same = np.array_equal(array, arrays[name])
        assert same or name.startswith("head"), name
        assert not same or not name.endswith("dense/kernel"), name


def test_messages(arrays, tmp_path):
    with pytest.raises(ValueError, match="Expected a TF1 checkpoint"):
        hub.load_network(str(tmp_path))
    tf1.write(str(tmp_path / "m"), arrays)
    with pytest.raises(
        ValueError, match=r"is r18_0.25x_sk0 .*, the flags say depth 50"
    ):
        hub.load_network(str(tmp_path), resnet_depth=50)
    with pytest.raises(ValueError, match="holds no momentum weights"):
        hub.load_network(str(tmp_path), ema=True)
    with pytest.raises(ValueError, match="holds no backbone"):
        architecture.infer({"x": (1,)})


def test_architecture_of_every_parity_network(parity_dir):
    paths = [
        p
        for p in (parity_dir / "models").glob("*px.json")
        if not p.name.endswith("tf2_checkpoint.json")
    ]
    assert paths
    for path in paths:
        arguments = architecture.infer(json.loads(path.read_text()))
        assert path.stem.startswith(architecture.describe(arguments))
