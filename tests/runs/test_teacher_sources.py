"""`--teacher` names one teacher or several, of ours and of Keras."""

import keras_networks
import pytest
import small_backbone

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import build
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs.plan import make_plan


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("runs/a", ["runs/a"]),
        ("runs/a, runs/b", ["runs/a", "runs/b"]),
        (
            "keras:A(b=(1,2),c=3),x.keras,",
            ["keras:A(b=(1,2),c=3)", "x.keras"],
        ),
    ],
)
def test_commas_outside_of_brackets_divide(text, sources):
    assert teacher_sources.split(text) == sources


def test_a_path_with_a_comma_is_one(tmp_path):
    path = tmp_path / "a,b"
    path.mkdir()
    assert teacher_sources.split(str(path)) == [str(path)]


def test_files_of_ours_are_told_from_others(tmp_path):
    ours, other = str(tmp_path / "ours.keras"), str(tmp_path / "other.keras")
    Network(resnet_depth=18, width_multiplier=0.0625, image_size=8).save(ours)
    keras_networks.classifier().save(other)
    text = f"{ours},{other},runs/a,keras:A,keras_hub:b"
    assert teacher_sources.ours(text) == [ours, "runs/a"]


def test_pixels_are_one_word_or_one_for_each():
    names = ["a", "b"]
    assert teacher_sources.pixels(None, names) == {"a": None, "b": None}
    assert teacher_sources.pixels("0..1", names) == {"a": "0..1", "b": "0..1"}
    each = teacher_sources.pixels("0..1, -1..1", names)
    assert each == {"a": "0..1", "b": "-1..1"}
    with pytest.raises(ValueError, match="one for each of the 2"):
        teacher_sources.pixels("0..1,-1..1,0..255", names)


def test_a_teacher_of_other_classes_is_named(tmp_path):
    path = str(tmp_path / "teacher.keras")
    keras_networks.classifier(4, side=16).save(path)
    digits = sources.open_source("digits")
    config = Config(
        **small_backbone.options(),
        train_mode="distill",
        teacher=path,
        teacher_pixels="0..1",
        image_size=16,
    )
    plan = make_plan(config, digits.num_examples)
    words = r"Received: '.*teacher\.keras' with 4 classes, for 10 of digits"
    with pytest.raises(ValueError, match=words):
        build.compiled_stage(config, plan, digits, False)
