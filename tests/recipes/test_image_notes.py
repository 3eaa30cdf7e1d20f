"""What the plan says of long images, and of images that are mirrored."""

import dataclasses

import pytest

from simclrv2_tf.recipes import image_notes
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules.facts import MirroredLabels
from tests.recipes.test_rules import SIGNS

LABELS = MirroredLabels(0.8, 0.8, 100, differ=False)
TOLD = dataclasses.replace(SIGNS, mirrored_labels=LABELS)
ONE_LABEL = dataclasses.replace(SIGNS, labelled=10, fewest=1)


@pytest.mark.parametrize(
    ("elongation", "size", "words"),
    [
        (1.4, 32, ""),
        (1.5, 32, "are 1.5 times as long as wide"),
        (2.0, 224, "in their middle"),
        (4.0, 32, "are squeezed"),
        (4.0, 224, "in their middle"),
    ],
)
def test_the_plan_says_what_becomes_of_long_images(elongation, size, words):
    facts = dataclasses.replace(TOLD, elongation=elongation)
    recipe = recommend(facts)
    recipe.give({"pretrain": {"image_size": size}})
    said = image_notes.notes(recipe, facts)
    assert len(said) == bool(words)
    assert words in "".join(said)
    assert ("views show a part of them" in "".join(said)) == bool(words)


def test_the_plan_says_where_no_view_fits_a_long_image():
    facts = dataclasses.replace(TOLD, elongation=20.0)
    recipe = recommend(facts)
    (said,) = image_notes.notes(recipe, facts)
    assert "views show a part of them" in said
    recipe.give({"pretrain": {"crop_area_min": 0.08}})
    (said,) = image_notes.notes(recipe, facts)
    assert "no part of them is as much as --crop_area_min says" in said
    assert "views show them whole, squeezed to squares, and where" in said


def test_one_label_of_each_does_not_tell_what_a_mirror_does():
    (said,) = image_notes.notes(recommend(ONE_LABEL), ONE_LABEL)
    assert "if mirrored images are of another class" in said
    assert said.endswith("give --norandom_flip")


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({"mirrored_labels": LABELS}, {}),
        ({"told_from_mirror": 0.9}, {}),  # none is mirrored
        ({"labelled": 0, "fewest": 0, "classes": 0}, {}),
        ({}, {"random_flip": True}),
    ],
)
def test_where_that_is_known_or_given_nothing_is_said(changes, given):
    facts = dataclasses.replace(ONE_LABEL, **changes)
    recipe = recommend(facts)
    recipe.give(dict.fromkeys(STAGES, given))
    assert image_notes.notes(recipe, facts) == []
