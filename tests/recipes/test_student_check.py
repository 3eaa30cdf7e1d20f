"""A Keras student is made before anything is trained."""

import pytest
import small_backbone

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import network_checks
from simclrv2_tf.recipes import student_check
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.stage_configs import given

SMALL = small_backbone.options()["backbone"]  # a file, of 3 channels
PIXELS = {"student_pixels": small_backbone.PIXELS}


def distilling(student, **options):
    options = {"image_size": 16, "student": student, **options}
    return Config(train_mode="distill", teacher="x", **options)


def test_images_that_are_too_small_are_told_what_is_large_enough():
    message = (
        "MobileNetV3Small cannot be made .*32x32.* "
        "--distill.image_size=32 is large enough.$"
    )
    with pytest.raises(ValueError, match=message):
        student_check.check("distill", distilling("keras:MobileNetV3Small"))


@pytest.mark.parametrize(
    ("student", "options", "message"),
    [
        ("keras:MobileNetV9", {}, "has no 'MobileNetV9': did you mean"),
        ("nowhere.keras", PIXELS, "There is no file 'nowhere.keras'"),
        (SMALL, {}, "`student_pixels` must say which pixels"),
        (SMALL, {**PIXELS, "channels": 1}, "and 3 channels. .*channels=1"),
        (
            SMALL,
            {**PIXELS, "student_weights": "nowhere.h5"},
            "Expected a file of weights. Received: 'nowhere.h5'",
        ),
        (
            SMALL,
            {**PIXELS, "student_weights": "imagenet"},
            "are for networks of keras.applications",
        ),
    ],
    ids=["misspelt", "no file", "no pixels", "grey", "no weights", "imagenet"],
)
def test_what_cannot_be_made_is_refused(student, options, message):
    with pytest.raises(ValueError, match=message):
        student_check.check("distill", distilling(student, **options))


def test_what_can_be_made_is_not():
    student_check.check("distill", distilling(SMALL, **PIXELS))
    own = {"backbone": SMALL, "backbone_pixels": small_backbone.PIXELS}
    config = Config(train_mode="finetune", image_size=16, **own)
    student_check.check("scratch", config)


def test_a_network_is_made_once():
    small = distilling(SMALL, **PIXELS)
    backbone = {"backbone": SMALL, "backbone_pixels": small_backbone.PIXELS}
    same = Config(train_mode="finetune", image_size=16, **backbone)
    larger = Config(train_mode="finetune", image_size=32, **backbone)
    plain = Config(image_size=16)

    def untried(**made):
        return list(student_check.untried(made))

    assert untried(pretrain=plain, distill=plain, scratch=plain) == []
    assert untried(pretrain=plain, distill=small, scratch=same) == ["distill"]
    assert untried(distill=plain, scratch=same) == ["scratch"]
    assert untried(pretrain=same, distill=small, scratch=larger) == ["scratch"]


def test_a_job_says_which_stage_it_is():
    config = Config(
        mode="recommend", dataset="digits", student="nowhere.keras", **PIXELS
    )
    recipe = Recipe(given=given(config))
    message = "The stage distill of the job .*There is no file 'nowhere.keras'"
    with pytest.raises(ValueError, match=message):
        network_checks.check_networks(config, recipe, open_data(config), {})
