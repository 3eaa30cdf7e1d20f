"""Parity networks through every format: same answers, same bits."""

import json
import shutil

import numpy as np
import parity_networks as parity
import pytest
import tensorflow as tf

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.hub import comparison

FAST = ["r18_1x_sk0_32px"]
TORCH_BOUND = 1e-4


@pytest.fixture(scope="module", params=parity.params(FAST))
def key(request):
    return request.param


@pytest.fixture(scope="module")
def weights(parity_dir, key):
    return parity.weights(parity.shapes(parity_dir, key))


@pytest.fixture(scope="module")
def original(key, weights, tmp_path_factory):
    """A directory with a TF1 checkpoint, of up to 3 GB: it goes at the end."""
    directory = tmp_path_factory.mktemp(key)
    tf1.write(str(directory / "model.ckpt-9"), weights, global_step=9)
    yield directory
    shutil.rmtree(directory)


def same_bits(path, weights):
    arrays = any_format.open_source(str(path)).arrays
    assert set(arrays) == set(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == np.float32


@pytest.fixture(scope="module")
def endpoints(key, original):
    network = hub.load_network(original, ft_proj_selector=parity.selector(key))
    images = parity.images(parity.pixels(key))
    outputs = network(images, training=False)
    return {name: np.asarray(value) for name, value in outputs.items()}


def test_tf1_gives_the_answers_of_the_original(key, parity_dir, endpoints):
    for name, expected in parity.answers(parity_dir, key).items():
        error = comparison.error(endpoints[name], expected)
        print(f"{key} {name} {error:.1e}")
        assert error <= parity.bound(key), name


def test_tf1_to_tf1(original, weights, tmp_path):
    hub.convert(original, str(tmp_path / "model.ckpt-0"))
    same_bits(tmp_path, weights)


def test_tf1_to_tf2_objects(key, parity_dir, original, weights, tmp_path):
    prefix = str(tmp_path / "ckpt-0")
    hub.convert(original, prefix)
    same_bits(prefix, weights)
    listed = parity_dir / "models" / f"{key}.tf2_checkpoint.json"
    if listed.exists():
        expected = json.loads(listed.read_text())
        written = {n: list(s) for n, s in tf.train.list_variables(prefix)}
        assert written == expected


def test_tf1_to_pytorch(key, original, weights, endpoints, tmp_path):
    torch = pytest.importorskip("torch")
    from simclrv2_tf.checkpoints import pytorch_module

    path = str(tmp_path / "x.safetensors")
    hub.convert(original, path, ft_proj_selector=parity.selector(key))
    same_bits(path, weights)
    images = parity.images(parity.pixels(key)).transpose(0, 3, 1, 2)
    with torch.no_grad():
        module = pytorch_module.load(path)
        outputs = module(torch.from_numpy(np.ascontiguousarray(images)))
    assert set(outputs) == set(endpoints)
    for name, expected in endpoints.items():
        value = outputs[name].numpy()
        value = value.transpose(0, 2, 3, 1) if value.ndim == 4 else value
        assert comparison.error(value, expected) <= TORCH_BOUND, name
