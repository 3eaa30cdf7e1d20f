"""Int8 LiteRT and ONNX: what it is made of, what it answers, what it needs."""

import functools
import os

import numpy as np
import pytest
from export_cases import CLASSES
from export_cases import SIZE
from export_cases import make_network
from export_cases import prepare

from simclrv2_tf import export
from simclrv2_tf.export import extra_formats
from simclrv2_tf.export import quantized
from simclrv2_tf.export import runtimes

RUNTIMES = {"litert_int8": "ai_edge_litert", "onnx_int8": "onnxruntime"}
IMAGES = np.random.default_rng(2).random((8, SIZE, SIZE, 3), np.float32)


@pytest.fixture(scope="module")
def path_of(network, tmp_path_factory):
    """Function from a format to the path of its file."""

    @functools.cache
    def write(form):
        pytest.importorskip(RUNTIMES[form])
        folder = str(tmp_path_factory.mktemp(form))
        path = extra_formats.file_of(form, folder)
        quantized.write(network, path, form, IMAGES)
        return path

    return write


def test_all_between_in_and_out_is_whole(path_of):
    path = path_of("litert_int8")
    from ai_edge_litert import interpreter

    model = interpreter.Interpreter(
        path,
        experimental_op_resolver_type=(
            interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    (given,) = model.get_input_details()
    tensors = model.get_tensor_details()
    floats = [t for t in tensors if t["dtype"] == np.float32]
    outside = {
        given["index"],
        *(o["index"] for o in model.get_output_details()),
    }
    assert {t["index"] for t in floats} == outside
    assert sum(t["dtype"] == np.int8 for t in tensors) > 40


@pytest.mark.parametrize("form", sorted(RUNTIMES))
def test_it_answers_as_the_network_nearly(path_of, network, form):
    run = runtimes.open_file(path_of(form))
    for images in (IMAGES, IMAGES[:1], IMAGES[:3]):
        answers, expected = run(images), network(images)
        assert set(answers) == set(quantized.ENDPOINTS)
        assert answers["logits_sup"].shape == (len(images), CLASSES)
        for name, value in answers.items():
            scale = np.abs(expected[name]).max()
            difference = np.abs(value - expected[name]).max() / scale
            assert 1e-5 < difference < 0.1, name


@pytest.mark.parametrize("form", sorted(RUNTIMES))
def test_it_is_smaller(path_of, exported, form):
    """A quarter, and what so small a network has beside its weights."""
    whole = extra_formats.file_of(form.removesuffix("_int8"), exported)
    assert os.path.getsize(path_of(form)) < 0.8 * os.path.getsize(whole)


@pytest.mark.parametrize(
    ("images", "received"),
    [
        (None, "shape None"),
        (IMAGES[:0], r"shape \(0, 40, 40, 3\)"),
        (IMAGES[:, 1:], r"shape \(8, 39, 40, 3\)"),
    ],
)
def test_images_are_needed(network, tmp_path, images, received):
    with pytest.raises(ValueError, match=rf"\(count, 40, 40, 3\).*{received}"):
        export.export_network(
            network,
            str(tmp_path),
            1,
            prepare,
            formats=("onnx_int8",),
            calibration=images,
        )
    assert os.listdir(tmp_path) == []


def test_weights_must_be_numbers(tmp_path):
    network = make_network()
    network.supervised_head.linear.bias.assign([np.nan] * CLASSES)
    with pytest.raises(ValueError, match="finite.*others in 'head_supervised"):
        path = str(tmp_path / "x.tflite")
        quantized.write(network, path, "litert_int8", IMAGES)
    assert os.listdir(tmp_path) == []
