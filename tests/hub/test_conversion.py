"""Weights from one format to all others, by function and by command."""

import os
import pathlib
import sys

import keras
import numpy as np
import pytest
import stand_ins
from slow_cases import all_but

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.hub import comparison
from simclrv2_tf.hub import conversion
from simclrv2_tf.models.network import Network

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = [
    "x.keras",
    "x.weights.h5",
    "x.safetensors",
    "x.pth",
    "tf1/model.ckpt-0",
    "tf2/ckpt-0",
]


@pytest.fixture
def command(monkeypatch):
    """`tools/convert_checkpoint.py` as a function of its arguments."""
    monkeypatch.syspath_prepend(str(ROOT))
    from tools import convert_checkpoint

    return lambda *arguments: convert_checkpoint.main(map(str, arguments))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tf1")
    tf1.write(
        str(directory / "model.ckpt-7"), stand_ins.weights(stand_ins.SMALL)
    )
    return directory


@pytest.fixture(scope="module")
def knowing(tmp_path_factory):
    """A Keras file, which knows that its head reads layer 1."""
    path = tmp_path_factory.mktemp("keras") / "source.keras"
    keras.utils.set_random_seed(0)
    network = Network(**stand_ins.SMALL, ft_proj_selector=1)
    head = network.supervised_head.linear.kernel
    head.assign(np.random.default_rng(0).normal(size=head.shape))
    network.save(path)
    return path


# The file of PyTorch is a fast test below, with what it expects of pixels.
@pytest.mark.parametrize("name", all_but(TARGETS[3:], TARGETS))
def test_every_format_there_and_back(name, original, tmp_path, command, capsys):
    if name.endswith(".pth"):
        pytest.importorskip("torch")
    target = tmp_path / name
    selector = (
        () if "weights.h5" in name or "/" in name else ("--ft_proj_selector=1",)
    )
    assert command(original, target, "--check", *selector) == 0
    assert "same: at most" in capsys.readouterr().out
    stand_ins.assert_same(hub.find_weights(target).arrays, stand_ins.SMALL)


@pytest.mark.parametrize("name", all_but(["tf1/model.ckpt-0"], TARGETS))
def test_a_source_that_knows_its_selector(
    name, knowing, tmp_path, command, capsys
):
    """Some formats do not; the check reads the target as the source says."""
    if name.endswith(".pth"):
        pytest.importorskip("torch")
    assert command(knowing, tmp_path / name, "--check") == 0
    assert "same: at most" in capsys.readouterr().out


def test_what_weights_expect_of_pixels_is_said(
    original, tmp_path, command, capsys
):
    target = tmp_path / "x.safetensors"
    pixels = ("--input_mean=0.5,0.4,0.3", "--input_std=0.2,0.2,0.25")
    assert command(original, target, "--check", *pixels) == 0
    assert "same: at most" in capsys.readouterr().out
    weights = hub.find_weights(target)
    stand_ins.assert_same(weights.arrays, stand_ins.SMALL)
    assert weights.arguments["input_mean"] == [0.5, 0.4, 0.3]
    assert weights.arguments["input_std"] == [0.2, 0.2, 0.25]


def test_misspelt_arguments_are_named(original, tmp_path):
    for use in (
        lambda: hub.load_network(original, resnet_dept=50),
        lambda: hub.load_backbone(original, trainble=False),
        lambda: hub.convert(original, tmp_path / "x.keras", ft_selector=1),
        lambda: Network(sk_ration=0.0625),
    ):
        with pytest.raises(ValueError, match="A Network has no argument '"):
            use()
    for name in ("ignore", "variable_schema"):
        with pytest.raises(ValueError, match=f"`{name}` must be a regular"):
            hub.load_network(original, **{name: "("})


@pytest.mark.parametrize(
    "options",
    [
        {"channels": 1},
        {"se_ratio": 0.5},
        pytest.param(
            {"sk_ratio": 0.125, "resnet_depth": 50}, marks=pytest.mark.slow
        ),
        pytest.param({}, marks=pytest.mark.slow),
    ],
    ids=["channels", "se", "sk", "trained"],
)
def test_keras_weights_of_unusual_networks(options, tmp_path):
    network = Network(**{**stand_ins.SMALL, **options})
    if not options:  # what an optimizer remembers stands in the file too
        network.compile(keras.optimizers.Adam())
        network.optimizer.build(network.trainable_variables)
    path = tmp_path / "w.weights.h5"
    network.save_weights(path)
    loaded = hub.load_network(path)
    config = network.get_config()
    for name in ("channels", "se_ratio", "resnet_depth"):
        assert loaded.get_config()[name] == config[name]
    for one, other in zip(network.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_check_fails_where_sides_differ(
    original, tmp_path, command, capsys, monkeypatch
):
    write = conversion._WRITERS["tf2"]

    def spoil(target, arrays, arguments):
        write(target, {n: a * 1.01 for n, a in arrays.items()}, arguments)

    monkeypatch.setitem(conversion._WRITERS, "tf2", spoil)
    assert command(original, tmp_path / "ckpt-0", "--check") == 1
    assert "DIFFERENT" in capsys.readouterr().out


def test_the_check_fails_where_an_endpoint_is_not_finite(
    tmp_path, command, capsys
):
    arrays = stand_ins.weights(stand_ins.SMALL)
    name = "head_contrastive/nl_2/batch_normalization/moving_variance"
    tf1.write(str(tmp_path / "m"), {**arrays, name: -1 * arrays[name]})
    assert command(tmp_path / "m", tmp_path / "ckpt-0", "--check") == 1
    assert "DIFFERENT: at most nan" in capsys.readouterr().out


def test_errors_are_one_line_and_status_1(original, tmp_path, command, capsys):
    for arguments, sentence in (
        ((tmp_path / "none", tmp_path / "x.keras"), "where there is nothing"),
        ((original, tmp_path / "x.zip"), "name must tell its format"),
        ((original, tmp_path / "x.keras", "--ema"), "no momentum weights"),
        ((original, tmp_path / "x.keras", "--ft_proj_selector=9"), "from -4"),
        (
            (original, tmp_path / "x.pth", "--ft_proj_selector=9"),
            "`ft_proj_selector` must be from -4 to 3",
        ),
    ):
        assert command(*arguments) == 1
        (line,) = capsys.readouterr().err.strip().split("\n")
        assert line.startswith("error: ") and sentence in line
    assert os.listdir(tmp_path) == []


def test_published_models_are_listed(command, capsys):
    assert command("--published") == 0
    assert "simclrv2/finetuned_1pct/r50_1x_sk1" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="^2$"):
        command("only-a-source")
    assert "give SOURCE and TARGET, or --published" in capsys.readouterr().err


def test_error_of_endpoints():
    one = np.ones(4, np.float32)
    assert comparison.error(one, one) == 0.0
    assert comparison.error(0 * one, 0 * one) == 0.0  # a head of zeros
    assert comparison.error(one, 0 * one) == np.inf
    assert comparison.error(1.5 * one, one) == 0.5
    assert np.isnan(comparison.error(np.nan * one, one))


def test_without_pytorch_safetensors_are_still_written(
    original, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "torch", None)
    hub.convert(original, str(tmp_path / "x.safetensors"))
    stand_ins.assert_same(hub.find_weights(tmp_path).arrays, stand_ins.SMALL)
    with pytest.raises(ValueError, match="pip install 'simclrv2_tf.torch.'"):
        hub.convert(original, str(tmp_path / "x.pth"))


def test_without_pytorch_the_check_reads_the_file_back(
    original, tmp_path, monkeypatch, command, capsys, caplog
):
    monkeypatch.setitem(sys.modules, "torch", None)
    target = tmp_path / "x.safetensors"
    assert command(original, target, "--check") == 0
    assert "same: at most 0.00e+00" in capsys.readouterr().out
    assert f"not installed: {target} is read back" in caplog.text


@pytest.mark.slow
def test_without_pytorch_the_check_still_fails_where_sides_differ(
    original, tmp_path, monkeypatch, command, capsys
):
    monkeypatch.setitem(sys.modules, "torch", None)
    write = conversion._WRITERS["safetensors"]

    def spoil(target, arrays, arguments):
        write(target, {n: a * 1.01 for n, a in arrays.items()}, arguments)

    monkeypatch.setitem(conversion._WRITERS, "safetensors", spoil)
    assert command(original, tmp_path / "x.safetensors", "--check") == 1
    assert "DIFFERENT" in capsys.readouterr().out
