"""Networks: parity with the original release, names, counts, round trips."""

import functools
import pathlib
import subprocess
import sys

import keras
import numpy as np
import parity_networks as parity
import pytest
import tensorflow as tf
from stand_ins import arrays_of

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.models.blocks import ResidualBlock
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.models.normalization import BatchNorm
from simclrv2_tf.runs.hardware import precision

SMALL = {
    "resnet_depth": 18,
    "width_multiplier": 0.25,
    "image_size": 32,
    "num_classes": 4,
}
ROOT = pathlib.Path(__file__).resolve().parents[2]
FAST = ["r18_1x_sk0_32px", "r50_1x_sk1_64px"]


@pytest.fixture
def images():
    return np.random.default_rng(0).random((4, 32, 32, 3), np.float32)


@pytest.mark.slow
def test_odd_batches_of_few_channels():
    """TensorFlow's strided 1×1 convolution writes past its memory there."""
    code = (
        "import numpy as np, tensorflow as tf\n"
        "from simclrv2_tf.models.network import Network\n"
        "small = dict(resnet_depth=18, image_size=32, num_classes=3)\n"
        "for width in (1 / 16, 1 / 8):\n"
        "    network = Network(width_multiplier=width, **small)\n"
        "    for batch in (1, 3, 5):\n"
        "        x = np.ones((batch, 32, 32, 3), 'f')\n"
        "        for _ in range(3):\n"
        "            with tf.GradientTape() as tape:\n"
        "                y = network(x, training=True)['logits_sup']\n"
        "            tape.gradient(y, network.trainable_variables)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("key", parity.params(FAST))
def test_parity_with_the_original_release(parity_dir, key):
    shapes = parity.shapes(parity_dir, key)
    arguments = architecture.infer(shapes)
    network = Network(**arguments, ft_proj_selector=parity.selector(key))
    variables = network.named_variables()
    assert {n: tuple(v.shape) for n, v in variables.items()} == shapes
    for name, array in parity.weights(shapes).items():
        variables[name].assign(array)
    ours = network(parity.images(parity.pixels(key)), training=False)
    for name, expected in parity.answers(parity_dir, key).items():
        error = np.linalg.norm(ours[name] - expected)
        error /= np.linalg.norm(expected)
        print(f"{key} {name} {error:.2e}")
        assert error <= parity.bound(key), name


@pytest.mark.parametrize(
    ("depth", "width", "sk", "millions"),
    [
        (18, 1, 0.0, 11.181),
        pytest.param(34, 1, 0.0, 21.289, marks=pytest.mark.slow),
        pytest.param(50, 1, 0.0, 23.508, marks=pytest.mark.slow),
        # Of the fast tests, parity above holds the shapes of this one.
        pytest.param(50, 1, 0.0625, 35.216, marks=pytest.mark.slow),
        pytest.param(101, 1, 0.0, 42.500, marks=pytest.mark.slow),
        pytest.param(50, 2, 0.0625, 140.306, marks=pytest.mark.slow),
        pytest.param(152, 1, 0.0625, 88.941, marks=pytest.mark.slow),
        pytest.param(200, 1, 0.0, 62.625, marks=pytest.mark.slow),
    ],
)
def test_parameters_of_the_backbone(depth, width, sk, millions):
    network = Network(
        resnet_depth=depth,
        width_multiplier=width,
        sk_ratio=sk,
        num_classes=0,
        proj_head_mode="none",
    )
    assert count_parameters(network) / 1e6 == pytest.approx(millions, abs=5e-4)


KINDS = [
    SMALL,
    {**SMALL, "resnet_depth": 50, "sk_ratio": 0.0625, "se_ratio": 0.25},
    {**SMALL, "image_size": 64, "sk_ratio": 0.0625, "ft_proj_selector": 1},
    {**SMALL, "proj_head_mode": "linear", "ft_proj_selector": -1},
    {**SMALL, "proj_head_mode": "none", "num_classes": 0},
]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.slow] if kind != SMALL else [])
        for kind in KINDS
    ],
)
def test_config_and_file_round_trips(kind, images, tmp_path):
    network = Network(**kind)
    for variable in network.variables:
        variable.assign_add(tf.random.normal(variable.shape) * 0.01)
    path = tmp_path / "network.keras"
    network.save(path)
    again = keras.models.load_model(path)
    assert again.get_config() == network.get_config()
    ours, theirs = network(images), again(images)
    assert set(ours) == set(theirs)
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.parametrize("kind", KINDS)
def test_architecture_is_told_by_the_shapes(kind):
    variables = Network(**kind).named_variables()
    arguments = architecture.infer({n: v.shape for n, v in variables.items()})
    for name, value in kind.items():
        if name in arguments and name != "image_size":
            assert arguments[name] == value, name
    assert (arguments["image_size"] <= 32) == (kind["image_size"] <= 32)


def test_eager_equals_compiled(images):
    network = Network(**SMALL)
    compiled = tf.function(network)(images)
    for name, value in network(images).items():
        np.testing.assert_allclose(compiled[name], value, rtol=1e-4, atol=1e-5)


def test_shapes_of_the_endpoints():
    shapes = {
        name: tuple(tensor.shape)
        for name, tensor in Network(num_classes=7)(
            np.zeros((1, 224, 224, 3), np.float32)
        ).items()
    }
    assert shapes == {
        "initial_conv": (1, 112, 112, 64),
        "initial_max_pool": (1, 56, 56, 64),
        "block_group1": (1, 56, 56, 256),
        "block_group2": (1, 28, 28, 512),
        "block_group3": (1, 14, 14, 1024),
        "block_group4": (1, 7, 7, 2048),
        "final_avg_pool": (1, 2048),
        "proj_head_input": (1, 2048),
        "proj_sel": (1, 2048),
        "proj_head_output": (1, 128),
        "logits_sup": (1, 7),
    }


def test_no_block_is_called_to_make_a_network(monkeypatch):
    """Keras would call it at each depth again, to learn the shapes."""
    call, called = ResidualBlock.call, []

    @functools.wraps(call)
    def noted(self, inputs, training=None):
        called.append(self.path)
        return call(self, inputs, training)

    monkeypatch.setattr(ResidualBlock, "call", noted)
    network = Network(**SMALL)
    assert not called
    network(np.zeros((1, 8, 8, 3), np.float32))
    assert len(called) == len(set(called)) == 8


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_types_are_told_as_they_come(kind):
    """Those of odd sides and of sixteen bits, too."""
    with precision.policy("bfloat16"):
        network = Network(**kind)
    images = np.zeros((2, 17, 33, 3), np.float32)
    specs = network.compute_output_spec(keras.KerasTensor(images.shape))
    given = network(images)
    assert list(specs) == list(given)
    for name, tensor in given.items():
        assert tuple(specs[name].shape) == tuple(tensor.shape), name
        assert specs[name].dtype == tensor.dtype.name, name


def test_fused_normalization_equals_keras():
    x = np.random.default_rng(1).normal(size=(4, 5, 5, 3)).astype(np.float32)
    ours = BatchNorm(momentum=0.9)
    plain = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    np.testing.assert_allclose(
        ours(x, training=True), plain(x, training=True), atol=1e-5
    )
    for mine, theirs in zip(ours.variables, plain.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-6)


@pytest.mark.parametrize("after", [-1, 0, 1, 2, 3, 4])
def test_freezing_leaves_weights_and_statistics(after, images):
    network = Network(**SMALL)
    network.train_for_classification(after)
    before = arrays_of(network)
    network(images, training=True)  # advances moving statistics
    parts = network.backbone.parts
    frozen = [id(v) for part in parts[: after + 1] for v in part.variables]
    trained = {id(v) for v in network.trainable_variables}
    assert not trained & set(frozen)
    for name, variable in network.named_variables().items():
        if id(variable) in frozen or name.startswith("head_contrastive"):
            np.testing.assert_array_equal(variable.numpy(), before[name])
    moved = any(
        not np.array_equal(v.numpy(), before[n])
        for n, v in network.named_variables().items()
    )
    assert moved == (after < 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resnet_depth": 42}, "`resnet_depth` must be one of .*42"),
        ({"width_multiplier": 0.3}, "`width_multiplier` must be a positive"),
        ({"proj_head_mode": "mlp"}, "`proj_head_mode` must be one of"),
        ({"num_proj_layers": 0}, "`num_proj_layers` must be at least 1"),
        ({"ft_proj_selector": 4}, "`ft_proj_selector` must be from -4 to 3"),
    ],
)
def test_messages(options, message):
    with pytest.raises(ValueError, match=message):
        Network(**{**SMALL, **options})


def test_freezing_message():
    words = "`fine_tune_after_block` must be from -1 .* to 4 .*Received: 5"
    with pytest.raises(ValueError, match=words):
        Network(**SMALL).backbone.freeze(5)
