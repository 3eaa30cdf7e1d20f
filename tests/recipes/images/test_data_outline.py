"""The first lines of a plan: images, classes, labels, and what was found."""

import dataclasses

import numpy as np
import oriented_images
import pytest
from data_files import write_black

from simclrv2_tf.config import Config
from simclrv2_tf.data.orientation_count import orientation_note
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes.images import data_outline
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.runs import inputs
from tests.recipes.images.test_job_data import EVEN
from tests.recipes.images.test_job_data import opened

MANY = [f"c{i}" for i in range(30)]
LONG = ["a", "b" * 40, "c"]


@pytest.mark.parametrize(
    ("labels", "names", "options", "line"),
    [
        (
            EVEN,
            "abc",
            {"labels_per_class": 5},
            "96 images to train on; 3 classes (a, b, c); labels to learn from: "
            "5 of each",
        ),
        (
            np.repeat([0, 1, 2], [50, 60, 3]),
            "abc",
            {},
            "90 images to train on; 3 classes (a, b, c); labels to learn from: "
            "2 (c) to 48 (b) of each",
        ),
        (
            np.repeat(range(30), 5),
            MANY,
            {},
            "120 images to train on; 30 classes (c0, c1, c2, ..., c29); labels "
            "to learn from: 4 of each",
        ),
        (
            EVEN,
            LONG,
            {},
            f"96 images to train on; 3 classes (a, {'b' * 27}..., c); labels "
            "to learn from: 32 of each",
        ),
        (
            EVEN,
            ["a", "fish, frogs", "c"],
            {},
            "96 images to train on; 3 classes (a, 'fish, frogs', c); labels to "
            "learn from: 32 of each",
        ),
        ([-1] * 1000, "abc", {}, "1,000 images to train on"),
    ],
)
def test_images_classes_and_labels(labels, names, options, line):
    data = opened(labels, names, **options)
    assert data_outline.notes(data) == [line, data.note]


def test_what_the_source_says_comes_once():
    data = opened(EVEN)
    train = dataclasses.replace(data.train, notes=("passed over: x", "y") * 2)
    data = dataclasses.replace(data, train=train)
    assert data_outline.notes(data)[2:] == ["data: passed over: x", "data: y"]


def test_images_that_lie_on_their_side_are_told_once(tmp_path):
    tagged, upright = oriented_images.write_folders(tmp_path)
    for turned, end in ((True, "turned as it says"), (False, "turns them")):
        train, said = told_of(tagged, apply_orientation=turned)
        assert said == [f"data: {orientation_note(train)}"]
        assert said[0].endswith(end)
    assert told_of(upright)[1] == []


def told_of(folder, **options):
    """A folder's source, and what a plan says of its tags."""
    train = inputs.open_source(Config(dataset=f"folder:{folder}", **options))
    data = dataclasses.replace(opened([-1] * 64), train=train)
    said = [note for note in data_outline.notes(data) if "EXIF" in note]
    return train, said


@pytest.fixture
def config(tmp_path):
    """Of a job on class folders, joined with images in a folder too deep."""
    images = [f"{i}.png" for i in range(40)]
    labelled = write_black(
        tmp_path / "L", *(f"{c}/{i}" for c in "ab" for i in images)
    )
    more = write_black(tmp_path / "U", *(f"images/{i}" for i in images))
    dataset = f"concat:{labelled},{more}"
    return Config(mode="recommend", dataset=dataset, train_steps=8)


def test_a_class_that_is_none_is_named(config):
    first, _, note = data_outline.notes(open_data(config))
    assert "3 classes (a, b, images)" in first
    assert "/U brings the class 'images', which folder:/" in note


@pytest.mark.slow
def test_the_plan_begins_with_it(config, monkeypatch):
    monkeypatch.setattr(image_sample, "check", lambda *_: None)  # all black
    data = open_data(config)
    plan = list(recipe_text.lines(make_recipe.make_recipe(config, data)))
    assert plan[:3] == data_outline.notes(data)
