"""What pilot runs try, and what they leave to the user."""

import pytest

from simclrv2_tf.recipes.rules import pilot_options


def test_recipes_of_earlier_versions_have_the_papers_crops(job):
    job.recipe.reasons = [
        r for r in job.recipe.reasons if r.option != "crop_area_min"
    ]
    assert {"crop_area_min": 0.3} in pilot_options.wanted(job.recipe)


def test_crops_that_do_not_fit_very_long_images_are_not_tried(job):
    job.recipe.choose("pretrain", "crop_area_min", 0.06, "why", "source")
    colours = [
        {"color_jitter_strength": s, "grayscale_prob": 0.0}
        for s in (0.25, 0.05)
    ]
    assert pilot_options.wanted(job.recipe) == colours


def test_smaller_images_tell_nothing_of_crops(job):
    recipe = job.recipe
    recipe.choose("pretrain", "image_size", 32, "why", "source")
    everything = pilot_options.wanted(recipe)
    recipe.choose("pilot", "image_size", 32, "why", "source")
    assert pilot_options.wanted(recipe) == everything
    recipe.choose("pilot", "image_size", 16, "why", "source")
    assert pilot_options.wanted(recipe) == [
        trial for trial in everything if "crop_area_min" not in trial
    ]
    assert pilot_options.wanted(recipe, side=32) == everything


@pytest.mark.parametrize(("side", "half"), [(16, None), (31, None), (32, 16)])
def test_half_of_a_small_image_is_too_small(side, half):
    assert pilot_options.half_side(side) == half


def test_what_the_user_gives_is_not_tried(job):
    job.recipe.given = {"pretrain": {"color_jitter_strength": 0.4}}
    assert pilot_options.wanted(job.recipe) == [{"crop_area_min": 0.08}]


def test_strengths_are_tried_with_the_grey_views_that_are_given(job):
    job.recipe.given = {"pretrain": {"grayscale_prob": 0.1}}
    assert pilot_options.wanted(job.recipe) == [
        {"color_jitter_strength": 0.25},
        {"crop_area_min": 0.08},
        {"color_jitter_strength": 0.05},
    ]
