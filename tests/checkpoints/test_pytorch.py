"""PyTorch files: three layouts, weights only, our module."""

import argparse
import os
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from hostile_pickles import WritesAFile
from stand_ins import assert_same
from stand_ins import weights

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import pytorch_layouts
from simclrv2_tf.checkpoints import safetensors

TINY = {"width_multiplier": 1 / 16, "num_classes": 3, "proj_out_dim": 4}
NO_HEAD = {"proj_head_mode": "none"}


def turned(array):
    """TensorFlow's order of axes to PyTorch's."""
    axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(array.ndim, (0,))
    return np.ascontiguousarray(array.transpose(axes))


def state(scheme, arguments):
    """The tensors of a layout, {name: array}."""
    arrays = weights(arguments)
    names = naming.names(scheme, arguments)
    return {name: turned(arrays[c]) for c, name in names.items()}


def save(path, tensors):
    shapes = {name: array.shape for name, array in tensors.items()}
    safetensors.write(str(path), shapes, lambda name: tensors[name])
    return str(path)


STRUCTURES = [
    {"resnet_depth": 18, "image_size": 32, "se_ratio": 0.25},
    {"resnet_depth": 34, "sk_ratio": 0.0625},
    {"resnet_depth": 50, "sk_ratio": 0.0625, "se_ratio": 0.25},
    {"resnet_depth": 50, "proj_head_mode": "linear", "ft_proj_selector": 1},
]


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_ours_round_trip(structure, suffix, tmp_path):
    if suffix == "pth":
        pytest.importorskip("torch")
    arguments = {**TINY, **structure}
    path = str(tmp_path / f"x.{suffix}")
    pytorch.write(path, weights(arguments), arguments, suffix == "pth")
    source = any_format.open_source(path)
    assert_same(source.arrays, arguments)
    assert source.arguments.items() >= arguments.items()
    assert os.listdir(tmp_path) == [f"x.{suffix}"]


TORCHVISION = {
    "conv1.weight": (4, 3, 7, 7),
    "bn1.running_mean": (4,),
    "layer1.0.conv1.weight": (4, 4, 1, 1),
    "layer1.0.bn3.bias": (16,),
    "layer1.0.downsample.0.weight": (16, 4, 1, 1),
    "layer1.0.downsample.1.running_var": (16,),
    "layer4.2.conv2.weight": (32, 32, 3, 3),
    "fc.weight": (3, 128),
    "fc.bias": (3,),
}


@pytest.mark.parametrize("prefix", ["", "module.", "encoder.", "module.enc."])
def test_torchvision_names(prefix, tmp_path):
    arguments = {**TINY, "resnet_depth": 50, **NO_HEAD}
    tensors = state(pytorch_layouts.torchvision, arguments)
    for name, shape in TORCHVISION.items():
        assert tensors[name].shape == shape
    tensors = {prefix + name: array for name, array in tensors.items()}
    tensors[f"{prefix}bn1.num_batches_tracked"] = np.zeros(())
    source = any_format.open_source(save(tmp_path / "x.safetensors", tensors))
    assert_same(source.arrays, arguments)
    assert source.arguments["resnet_depth"] == 50
    assert any("max pooling" in note for note in source.notes)


def test_torchvision_shallow_networks_open_with_an_identity(tmp_path):
    arguments = {**TINY, "resnet_depth": 18, **NO_HEAD}
    tensors = state(pytorch_layouts.torchvision, arguments)
    absent = [n for n in tensors if n.startswith("layer1.0.downsample")]
    assert len(absent) == 5
    kept = {n: a for n, a in tensors.items() if n not in absent}
    source = any_format.open_source(save(tmp_path / "x.safetensors", kept))
    assert source.arguments["resnet_depth"] == 18
    shortcut = "base_model/conv2d_1/kernel"
    np.testing.assert_array_equal(source.arrays[shortcut][0, 0], np.eye(4))
    scale = source.arrays["base_model/batch_normalization_1/gamma"]
    np.testing.assert_allclose(scale / np.sqrt(1 + 1e-5), 1, rtol=1e-6)
    assert any("identity" in note for note in source.notes)


CONVERTER = {
    "resnet.net.0.0.weight": (2, 3, 3, 3),
    "resnet.net.0.1.0.weight": (2,),
    "resnet.net.0.4.weight": (4, 2, 3, 3),
    "resnet.net.0.5.0.running_var": (4,),
    "resnet.net.1.blocks.0.projection.shortcut.2.weight": (16, 4, 1, 1),
    "resnet.net.1.blocks.0.projection.bn.0.bias": (16,),
    "resnet.net.1.blocks.0.net.0.weight": (4, 4, 1, 1),
    "resnet.net.1.blocks.0.net.1.0.weight": (4,),
    "resnet.net.1.blocks.0.net.2.main_conv.0.weight": (8, 4, 3, 3),
    "resnet.net.1.blocks.0.net.2.main_conv.1.0.weight": (8,),
    "resnet.net.1.blocks.0.net.2.mixing_conv.0.weight": (32, 4, 1, 1),
    "resnet.net.1.blocks.0.net.2.mixing_conv.1.0.running_mean": (32,),
    "resnet.net.1.blocks.0.net.2.mixing_conv.2.weight": (8, 32, 1, 1),
    "resnet.net.4.blocks.2.net.3.weight": (128, 32, 1, 1),
    "resnet.net.4.blocks.2.net.4.0.bias": (128,),
    "resnet.fc.weight": (3, 128),
    "head.layers.0.weight": (128, 128),
    "head.layers.1.running_var": (128,),
    "head.layers.4.bias": (128,),
    "head.layers.6.weight": (4, 128),
    "head.layers.7.weight": (4,),
}


@pytest.mark.parametrize("sk_ratio", [0.0, 0.0625])
def test_names_of_the_converter(sk_ratio, tmp_path):
    torch = pytest.importorskip("torch")
    arguments = {**TINY, "resnet_depth": 50, "sk_ratio": sk_ratio}
    tensors = state(pytorch_layouts.converter, arguments)
    if sk_ratio:
        for name, shape in CONVERTER.items():
            assert tensors[name].shape == shape, name
    tensors["head.layers.7.bias"] = np.zeros(4, np.float32)  # PyTorch has one
    nested = {"resnet": {}, "head": {}}
    for name, array in tensors.items():
        part, _, rest = name.partition(".")
        nested[part][rest] = torch.from_numpy(array)
        if rest.endswith("running_var"):
            counter = rest.replace("running_var", "num_batches_tracked")
            nested[part][counter] = torch.tensor(7)
    torch.save(nested, tmp_path / "r50.pth")
    source = any_format.open_source(str(tmp_path / "r50.pth"))
    assert_same(source.arrays, arguments)
    assert source.arguments["sk_ratio"] == sk_ratio


def test_the_converters_network_alone(tmp_path):
    arguments = {**TINY, "resnet_depth": 50, "sk_ratio": 0.0625, **NO_HEAD}
    tensors = state(pytorch_layouts.bare_converter, arguments)
    assert "net.1.blocks.0.projection.shortcut.2.weight" in tensors
    path = save(tmp_path / "x.safetensors", tensors)
    assert_same(any_format.open_source(path).arrays, arguments)


def test_a_bias_that_the_head_cannot_take_is_no_silent_loss(tmp_path):
    arguments = {**TINY, "resnet_depth": 50}
    tensors = state(pytorch_layouts.converter, arguments)
    tensors["head.layers.7.bias"] = np.ones(4, np.float32)
    path = save(tmp_path / "x.safetensors", tensors)
    with pytest.raises(ValueError, match=r"holds 1 tensors .*head.layers.7.b"):
        any_format.open_source(path)


def test_of_two_encoders_the_trained_one_is_taken(tmp_path):
    """MoCo: the sentence offers a pattern that passes over the rest."""
    arguments = {**TINY, "resnet_depth": 50, **NO_HEAD, "num_classes": 0}
    plain = state(pytorch_layouts.torchvision, arguments)
    tensors = {"module.queue": np.ones((4, 8)), "module.queue_ptr": np.ones(1)}
    for encoder, factor in (("k", 2), ("q", 1)):
        for name, array in plain.items():
            tensors[f"module.encoder_{encoder}.{name}"] = factor * array
        tensors[f"module.encoder_{encoder}.fc.0.weight"] = np.ones((4, 4))
    path = save(tmp_path / "x.safetensors", tensors)
    with pytest.raises(ValueError, match="under 'module.encoder_q.'") as caught:
        any_format.open_source(path)
    pattern = re.search(r"ignore='(.*)'", str(caught.value))[1]
    pattern = pattern.replace("\\\\", "\\")
    assert len(pattern.split("|")) == 4
    assert_same(any_format.open_source(path, ignore=pattern).arrays, arguments)


def test_children_by_number(tmp_path):
    """`Sequential(*list(resnet.children())[:-1])`, as lightly has it."""
    arguments = {**TINY, "resnet_depth": 50, **NO_HEAD, "num_classes": 0}
    tensors = state(pytorch_layouts.sequence, arguments)
    for name in ("0.weight", "1.running_var", "4.0.downsample.0.weight"):
        assert name in tensors
    assert "7.2.conv3.weight" in tensors
    tensors = {f"backbone.{name}": array for name, array in tensors.items()}
    path = save(tmp_path / "x.safetensors", tensors)
    assert_same(any_format.open_source(path).arrays, arguments)


def test_a_lost_shortcut_of_a_deep_network_is_no_identity(tmp_path):
    arguments = {**TINY, "resnet_depth": 50, **NO_HEAD}
    tensors = state(pytorch_layouts.torchvision, arguments)
    kept = {n: a for n, a in tensors.items() if "layer1.0.downs" not in n}
    path = save(tmp_path / "x.safetensors", kept)
    with pytest.raises(ValueError, match="no network in a known layout"):
        any_format.open_source(path)


def test_what_training_scripts_keep_beside_weights(tmp_path):
    torch = pytest.importorskip("torch")
    arguments = {**TINY, "resnet_depth": 50, **NO_HEAD}
    tensors = state(pytorch_layouts.torchvision, arguments)
    states = {n: torch.from_numpy(a) for n, a in tensors.items()}
    kept = {
        "epoch": 7,
        "arch": "resnet50",
        "args": argparse.Namespace(lr=0.3),
        "best": np.float64(71.2),
        "state_dict": {f"module.{n}": t for n, t in states.items()},
        "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}},
    }
    nested = {"net": states, "optim_state": kept["optimizer"]}
    for number, contents in enumerate((kept, nested)):
        path = tmp_path / f"checkpoint_{number}.pth.tar"
        torch.save(contents, path)
        assert_same(any_format.open_source(str(path)).arrays, arguments)


def test_what_is_left_over_must_be_passed_over_by_name(tmp_path):
    arguments = {**TINY, "resnet_depth": 50, **NO_HEAD}
    tensors = state(pytorch_layouts.torchvision, arguments)
    tensors = {f"encoder.{name}": array for name, array in tensors.items()}
    tensors["projector.0.weight"] = np.ones((4, 4), np.float32)
    path = save(tmp_path / "x.safetensors", tensors)
    with pytest.raises(ValueError, match=r"projector.0.weight.*`ignore`"):
        any_format.open_source(path)
    assert_same(
        any_format.open_source(path, ignore="projector").arrays, arguments
    )


def test_half_precision_becomes_float32(tmp_path):
    torch = pytest.importorskip("torch")
    arguments = {**TINY, "resnet_depth": 18, **NO_HEAD}
    tensors = state(pytorch_layouts.torchvision, arguments)
    for kind in (torch.float16, torch.bfloat16):
        cast = {n: torch.from_numpy(a).to(kind) for n, a in tensors.items()}
        torch.save({"state_dict": cast}, tmp_path / "x.pt")
        arrays = any_format.open_source(str(tmp_path / "x.pt")).arrays
        kernel = arrays["base_model/conv2d/kernel"]
        assert kernel.dtype == np.float32
        exact = weights(arguments)["base_model/conv2d/kernel"]
        np.testing.assert_allclose(kernel, exact, rtol=1e-2, atol=1e-3)


def test_code_in_a_file_is_never_run(tmp_path):
    torch = pytest.importorskip("torch")
    sprung = tmp_path / "sprung"
    with open(tmp_path / "plain.pth", "wb") as file:
        pickle.dump({"conv1.weight": WritesAFile(sprung)}, file)
    torch.save({"conv1.weight": WritesAFile(sprung)}, tmp_path / "zipped.pth")
    for name in ("plain.pth", "zipped.pth"):
        with pytest.raises(ValueError, match="more than weights.*never run"):
            any_format.open_source(str(tmp_path / name))
    assert not sprung.exists()


def test_without_pytorch_the_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "x.pth").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match="pip install.*torch"):
        any_format.open_source(str(tmp_path / "x.pth"))


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_damaged_files(suffix, tmp_path):
    if suffix == "pth":
        pytest.importorskip("torch")
    arguments = {**TINY, "resnet_depth": 18}
    path = tmp_path / f"x.{suffix}"
    pytorch.write(str(path), weights(arguments), arguments, suffix == "pth")
    whole = path.read_bytes()
    for size in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="x.* cannot be read: it "):
            any_format.open_source(str(path))


@pytest.mark.parametrize(
    "change",
    [
        (b'"data_offsets"', b'"data_0ffsets"'),
        (b'"dtype": "F32"', b'"dtype": "F99"'),
        (b'"shape": [', b'"shape": 1, "'),
        (b'"{\\"width_mult', b'"[\\"width_mult'),
        (b'\\"resnet_depth\\": 18', b'\\"resnet_depth\\": 17'),
    ],
)
def test_damaged_headers(change, tmp_path):
    arguments = {**TINY, "resnet_depth": 18}
    path = tmp_path / "x.safetensors"
    pytorch.write(str(path), weights(arguments), arguments)
    whole = path.read_bytes()
    assert change[0] in whole
    path.write_bytes(whole.replace(*change, 1))
    with pytest.raises(ValueError, match="x.safetensors' cannot be read: "):
        any_format.open_source(str(path))


def test_names_of_nothing_known(tmp_path):
    path = save(tmp_path / "x.safetensors", {"a.weight": np.ones((2, 2))})
    with pytest.raises(ValueError, match="no network in a known layout"):
        any_format.open_source(path)
    save(path, {})
    with pytest.raises(ValueError, match="Received 0 tensors"):
        any_format.open_source(path)


def test_other_readers_and_writers_of_safetensors_agree(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy")
    tensors = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.ones((), np.float32),
    }
    path = save(tmp_path / "x.safetensors", tensors)
    for name, array in theirs.load_file(path).items():
        np.testing.assert_array_equal(array, tensors[name])
    theirs.save_file(
        {**tensors, "c": np.ones(2, np.float16)}, path, {"key": "value"}
    )
    file = safetensors.File(path)
    assert file.metadata == {"key": "value"}
    np.testing.assert_array_equal(file.read("a"), tensors["a"])
    assert file.read("c").dtype == np.float16


def test_tensors_that_are_no_plain_numbers(tmp_path):
    torch = pytest.importorskip("torch")
    for odd in (
        torch.ones(3, dtype=torch.complex64),
        torch.ones(3).to_sparse(),
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    ):
        path = str(tmp_path / "odd.pth")
        torch.save({"conv1.weight": odd, 0: torch.ones(1)}, path)
        with pytest.raises(ValueError, match="real numbers. .*conv1.weight"):
            pytorch.read(path)


def test_a_program_is_told_from_weights(tmp_path):
    torch = pytest.importorskip("torch")
    path = str(tmp_path / "script.pt")
    torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    with pytest.raises(ValueError, match="holds a TorchScript program"):
        pytorch.read(path)


def test_module_needs_no_tensorflow(tmp_path):
    pytest.importorskip("torch")
    arguments = {**TINY, "resnet_depth": 18, "image_size": 32}
    path = str(tmp_path / "x.safetensors")
    pytorch.write(path, weights(arguments), arguments)
    program = (
        "import sys, torch\n"
        "from simclrv2_tf.checkpoints import pytorch_module\n"
        f"network = pytorch_module.load({path!r})\n"
        "out = network(torch.rand(1, 3, 32, 32))\n"
        "assert out['logits_sup'].shape == (1, 3)\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_module_trains_and_reads_the_selected_layer():
    torch = pytest.importorskip("torch")
    from simclrv2_tf.checkpoints import pytorch_module

    network = pytorch_module.SimCLRNetwork(
        **TINY, resnet_depth=50, sk_ratio=0.0625, ft_proj_selector=2
    )
    endpoints = network(torch.rand(3, 3, 40, 40))
    assert endpoints["proj_sel"].shape == (3, 128)
    assert endpoints["proj_head_output"].shape == (3, 4)
    endpoints["logits_sup"].sum().backward()
    assert network.stem.conv_1.conv.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("size", [5, 6, 7, 8])
def test_pooling_is_that_of_tensorflow(size):
    torch = pytest.importorskip("torch")
    import tensorflow as tf

    from simclrv2_tf.checkpoints import pytorch_module

    images = np.random.default_rng(size).normal(size=(2, size, size, 3))
    images = images.astype(np.float32)
    turned_images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    for ours, theirs in (
        (pytorch_module.max_pool_same, tf.nn.max_pool2d(images, 3, 2, "SAME")),
        (pytorch_module.average_same, tf.nn.avg_pool2d(images, 2, 1, "SAME")),
    ):
        value = ours(turned_images).numpy().transpose(0, 2, 3, 1)
        np.testing.assert_allclose(value, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_damaged_metadata_is_named(text):
    words = "'x.pth' cannot be read: its architecture metadata is damaged; copy"
    with pytest.raises(ValueError, match=words):
        pytorch._described({pytorch.METADATA: text}, "x.pth")
