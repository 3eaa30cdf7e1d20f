"""Networks of stages that go on from one another, and those that cannot."""

import pytest

from simclrv2_tf.models.keras_models.keras_build import canonical
from simclrv2_tf.recipes import network_checks
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe
from tests.recipes.test_stage_checks import RATES
from tests.recipes.test_stage_checks import job
from tests.recipes.test_stage_checks import recipe_of

R50 = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}


@pytest.mark.parametrize(
    ("given", "left_out", "message"),
    [
        ({"channels": 1}, ["pretrain"], r"finetune .*\(channels 3\)"),
        ({"width_multiplier": 2}, [], r"pretrain .*the flags say width 2"),
    ],
)
def test_flags_do_not_contradict_the_weights(given, left_out, message):
    made = Recipe(given=dict.fromkeys(RATES, given), left_out=left_out)
    with pytest.raises(ValueError, match=f"The stage {message}"):
        network_checks.check_weights(made, R50)
    network_checks.check_weights(made, {})
    same = {"resnet_depth": 50, "image_size": 160, "channels": 3}
    made.given = dict.fromkeys(RATES, same)
    network_checks.check_weights(made, R50)


def test_what_is_passed_over_hides_no_contradiction():
    given = {"checkpoint_ignore": "projector", "width_multiplier": 2}
    with pytest.raises(ValueError, match="the flags say width 2"):
        network_checks.check_weights(Recipe(given={"pretrain": given}), R50)


TEACHER = {"resnet_depth": 18, "width_multiplier": 0.25, "image_size": 16}


def check_networks(options, initial=None, left_out=(), **chosen):
    config = job(labels_per_class=5, **options)
    chosen = {**TEACHER, "num_proj_layers": 3, "channels": 1, **chosen}
    made = recipe_of(config, **chosen)
    made.left_out = list(left_out)
    network_checks.check_networks(
        config, made, open_data(config), initial or {}
    )


def own(**stages):
    return {"stage_options": stages}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (own(finetune={"width_multiplier": 2}), "width 0.25 for .*, width 2"),
        (own(finetune={"resnet_depth": 50}), "depth 18 for pre.*, depth 50"),
        (own(finetune={"image_size": 64}), "image_size 16 .*image_size 64"),
        (own(pretrain={"image_size": 64}), "image_size 64 .*image_size 16"),
        (own(finetune={"num_proj_layers": 2}), "num_proj_layers 3 .*layers 2"),
        (own(finetune={"channels": 3}), "channels 1 .*channels 3"),
        (own(finetune={"backbone": "keras:MobileNetV2"}), "keras:MobileNetV2"),
        (
            own(pretrain={"resnet_depth": 34}, finetune={"resnet_depth": 18}),
            "--pretrain.NAME.*Received: depth 34 for pretraining, depth 18 for",
        ),
    ],
)
def test_a_teacher_has_one_network(options, message):
    with pytest.raises(ValueError, match=f"network of pretraining.*{message}"):
        check_networks({"image_size": 16} | options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        own(finetune={"image_size": 24}),
        own(pretrain={"num_proj_layers": 2, "width_multiplier": 2}),
        own(pretrain={"backbone": "keras:MobileNetV2"}),
        own(finetune={"ft_proj_selector": 1}),
        own(distill={"width_multiplier": 2, "image_size": 64}),
        {"proj_head_mode": "linear"},
    ],
)
def test_networks_that_go_together_are_no_contradiction(options):
    check_networks(options)


def test_a_network_is_that_of_the_weights_where_nothing_is_given():
    initial = {**R50, "proj_head_mode": "nonlinear", "num_proj_layers": 3}
    chosen = {**R50, "channels": 3}
    check_networks({}, initial, **chosen)
    sk_ratio = own(finetune={"sk_ratio": 0.0})
    with pytest.raises(ValueError, match="sk_ratio 0.0625 for pretraining"):
        check_networks(sk_ratio, {**initial, "sk_ratio": 0.0625}, **chosen)
    wider = own(finetune={"width_multiplier": 2})
    wider["checkpoint"] = "x"  # see `check_weights`
    check_networks(wider, initial, ["pretrain"])


def test_a_student_sees_its_teachers_channels():
    with pytest.raises(ValueError, match="Received: 1 for fine-tuning, 3 for"):
        check_networks(own(distill={"channels": 3}))


@pytest.mark.parametrize("stage", ["pretrain", "finetune", "distill"])
@pytest.mark.parametrize("name", ["input_mean", "input_std"])
def test_each_channel_has_a_mean_and_a_deviation(stage, name):
    message = f"stage {stage} .*`{name}` must be 1 .*number"
    with pytest.raises(ValueError, match=message):
        check_networks(own(**{stage: {name: "0.5,0.5,0.5"}}))
    check_networks(own(**{stage: {name: [0.5]}}))


def test_a_student_takes_the_channels_of_the_images():
    options = {"student": "keras:VGG16", "image_size": 32}
    message = "distill .*VGG16 takes images of 3.*--student_pixels which"
    with pytest.raises(ValueError, match=f"The stage {message}"):
        check_networks(options)
    check_networks({**options, "student_pixels": "0..255"})


def test_a_keras_backbone_may_be_written_otherwise_than_the_weights_have_it():
    initial = {"backbone": canonical("keras:MobileNetV2(alpha=0.5)")}
    for text in ("keras:MobileNetV2(alpha = 0.5)", initial["backbone"]):
        given = {"pretrain": {"backbone": text}}
        network_checks.check_weights(Recipe(given=given), initial)
    other = {"pretrain": {"backbone": "keras:MobileNetV2(alpha=0.75)"}}
    with pytest.raises(ValueError, match="The stage pretrain"):
        network_checks.check_weights(Recipe(given=other), initial)
