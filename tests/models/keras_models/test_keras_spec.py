"""Texts that name Keras networks, and what is none."""

import json
import re

import keras_networks
import pytest

from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models import keras_spec


@pytest.mark.parametrize(
    ("text", "kind", "name", "arguments"),
    [
        ("keras:ResNet50", "keras:", "ResNet50", {}),
        ("keras:ResNet50()", "keras:", "ResNet50", {}),
        (
            "keras:MobileNetV3Small( alpha = 0.5, minimalistic=True)",
            "keras:",
            "MobileNetV3Small",
            {"alpha": 0.5, "minimalistic": True},
        ),
        (
            "keras:A(b=(1, None), c='x,y')",
            "keras:",
            "A",
            {"b": (1, None), "c": "x,y"},
        ),
        (
            "keras_hub:resnet_18_imagenet",
            "keras_hub:",
            "resnet_18_imagenet",
            {},
        ),
        ("nets/mine.keras", ".keras", "nets/mine.keras", {}),
    ],
)
def test_a_text_is_taken_apart(text, kind, name, arguments):
    assert keras_spec.parse(text) == keras_spec.Spec(kind, name, arguments)


@pytest.mark.parametrize(
    "text",
    [
        "keras:",
        "keras:ResNet50(",
        "keras:ResNet50(3)",
        "keras:ResNet50(**{})",
        "keras:a.b(c=1)",
        "keras:ResNet50(name=open('x'))",
        "keras:ResNet50(name=__import__('os'))",
        "keras:ResNet50(name=x)",
        "keras:1",
        "keras:f(a=1)(b=2)",
    ],
)
def test_only_names_with_literals_are_calls(text):
    with pytest.raises(ValueError, match="Expected keras:NAME or") as caught:
        keras_spec.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["", "ResNet50", "runs/mine", "keras_hub:"])
def test_other_texts_are_no_networks(text):
    with pytest.raises(ValueError, match="Expected a network as keras:NAME"):
        keras_spec.parse(text)


def test_one_network_has_one_text():
    texts = (
        "keras:MobileNetV3Small(minimalistic=True,alpha=.5)",
        "keras:MobileNetV3Small(alpha=0.50, minimalistic=True)",
    )
    assert len({keras_build.canonical(text) for text in texts}) == 1
    assert keras_build.canonical("keras:ResNet50()") == "keras:ResNet50"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keras:MobilNetV3Smal", "did you mean MobileNetV3Small or"),
        ("keras:qqq", "has no 'qqq': there are ConvNeXtBase,"),
        ("keras:preprocess_input", "has no 'preprocess_input'"),
        ("keras:ResNet50(depth=3)", "no argument 'depth': expected some of"),
        ("keras:ResNet50(weights='x')", "come from --backbone_weights"),
        ("keras:ResNet50(include_top=True)", "head, which is ours: leave"),
        ("keras:ResNet50(pooling='max')", "is the mean over the last"),
    ],
)
def test_what_there_is_not(text, message):
    with pytest.raises(ValueError, match=message):
        keras_build.canonical(text)


def test_a_model_is_described_without_how_it_was_compiled():
    model = keras_networks.sequential()
    plain = keras_build.as_json(model)
    model.compile("adam", "mse")
    assert keras_build.as_json(model) == plain
    assert keras_build.canonical(plain) == plain
    assert keras_spec.short(plain) == "keras.Model 'by_hand'"
    assert json.loads(plain)["class_name"] == "Sequential"


def test_a_file_is_kept_as_its_json(tmp_path):
    path = str(tmp_path / "mine.keras")
    model = keras_networks.sequential()
    model.save(path)
    assert keras_build.canonical(path) == keras_build.as_json(model)


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_file_that_is_none_is_a_sentence(content, tmp_path):
    path = tmp_path / "mine.keras"
    if content is not None:
        path.write_bytes(content)
    message = "cannot be read as a Keras model|There is no file"
    with pytest.raises(ValueError, match=message):
        keras_build.canonical(str(path))


def test_code_in_a_file_is_not_run(tmp_path):
    import keras

    layer = keras.layers.Lambda(lambda x: x * 2)
    model = keras.Sequential([keras.Input((8, 8, 3)), layer])
    path = str(tmp_path / "lambda.keras")
    model.save(path)
    with pytest.raises(ValueError, match="cannot be read as a Keras model"):
        keras_build.canonical(path)


def test_without_keras_hub_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "keras_hub", None)
    with pytest.raises(ValueError, match=re.escape("[keras-hub]'")) as caught:
        keras_build.canonical("keras_hub:resnet_18_imagenet")
    assert "\n" not in str(caught.value)


def test_what_a_constructor_refuses_is_a_sentence():
    with pytest.raises(ValueError, match="Small cannot be made .*32x32"):
        keras_build.build("keras:MobileNetV3Small", 16, 3)
