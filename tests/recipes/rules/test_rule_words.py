"""Reasons of the rules say what is so."""

import dataclasses

import pytest

from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import network_sizes
from tests.recipes.test_rules import SERVER
from tests.recipes.test_rules import SIGNS


def why(facts, stage, option):
    reasons = recommend(facts).of(stage)
    return next(r.why for r in reasons if r.option == option)


@pytest.mark.parametrize(
    ("seconds", "widths", "words"),
    [
        (1200.0, (0.25, 0.125), "half the teacher's, or half of what the time"),
        (60.0, (0.125, 0.125), "0.125 is the narrowest that is chosen"),
    ],
)
def test_a_student_is_half_its_teacher_only_where_it_is(seconds, widths, words):
    facts = dataclasses.replace(SIGNS, seconds=seconds)
    sizes = network_sizes.choose(facts), network_sizes.choose_student(facts)
    assert tuple(size.width_multiplier for size in sizes) == widths
    for stage in ("distill", "scratch"):
        assert why(facts, stage, "width_multiplier").startswith(words)


@pytest.mark.parametrize(
    ("side", "words"),
    [
        (32, "images have 32 pixels on their shorter side; the largest of"),
        (64, "allows (--image_size=64 shows all of their detail)"),
        (200, "images have 200 pixels on their shorter side; the largest of"),
    ],
)
def test_the_size_of_images_says_what_shows_all_of_them(side, words):
    facts = dataclasses.replace(SIGNS, side=side)
    said = why(facts, "pretrain", "image_size")
    assert words in said
    assert ("--image_size" in said) == (side == 64)


def test_the_batch_of_distillation_is_not_called_a_half():
    many = dataclasses.replace(SIGNS, examples=10**6, machine=SERVER)
    for facts, batch in ((many, 128), (SIGNS, 128), (few(), 32)):
        options = recommend(facts).options("distill")
        assert options["train_batch_size"] == batch
        said = why(facts, "distill", "train_batch_size")
        assert said.startswith("128, or fewer where there are few images")


def few():
    return dataclasses.replace(SIGNS, examples=200)


def test_very_long_images_have_crops_of_a_square():
    facts = dataclasses.replace(SIGNS, elongation=20.0)
    said = why(facts, "pretrain", "crop_area_min")
    assert said.startswith("0.3 of the square on the shorter side")
    assert "(these: 20.0 to 1)" in said
    less = dataclasses.replace(SIGNS, elongation=3.0)
    assert "paper's 0.08 of a small" in why(less, "pretrain", "crop_area_min")
