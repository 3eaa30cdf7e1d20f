"""A step costs what takes longer: its computing or its images."""

import dataclasses

import pytest

from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS

LABELS = ("finetune", "scratch")


def costs(step=0.3, image=0.0, kept=(), crop=0.0, recipe=None):
    found = StepTime(step, 10.0, DecodingTime(image, kept=kept), crop)
    return stage_costs.costs_of(recipe or recommend(SIGNS), found)


def test_images_that_are_there_first_cost_nothing():
    assert costs(image=1e-5, crop=1e-6).step == costs().step
    assert not costs(image=1e-5).waits


def test_a_step_of_distillation_decodes_half_as_many_images():
    slow = costs(image=0.05, kept=LABELS)
    assert slow.waits and slow.decoding == pytest.approx(256 * 0.05)
    assert slow.step["pretrain"] == pytest.approx(256 * 0.05)
    assert slow.step["distill"] == pytest.approx(128 * 0.05)
    for stage in LABELS:  # few images, which are kept
        assert slow.step[stage] == costs().step[stage]


def test_labelled_images_that_do_not_fit_are_decoded_too():
    slow = costs(image=0.05)
    assert slow.step["scratch"] == pytest.approx(50 * 0.05)


def test_distillation_may_keep_images_that_pretraining_does_not():
    slow = costs(image=0.05, kept=("distill", *LABELS))
    assert slow.step["pretrain"] == pytest.approx(256 * 0.05)
    assert slow.step["distill"] == costs().step["distill"]


def test_pretraining_crops_twice():
    slow = costs(crop=0.01)
    assert slow.step["pretrain"] == pytest.approx(256 * 2 * 0.01)
    assert slow.step["distill"] == pytest.approx(128 * 0.01)
    assert not slow.waits


def test_activations_that_are_made_again_take_a_pass_more():
    """Of a stage with `remat`, and not of the others."""
    plain, recipe = costs(), recommend(SIGNS)
    recipe.choose("scratch", "remat", True, "", "")
    slower = costs(recipe=recipe)
    longer = slower.step["scratch"] - stage_costs.STEP
    assert longer == pytest.approx(
        4 / 3 * (plain.step["scratch"] - stage_costs.STEP)
    )
    assert slower.step["distill"] == plain.step["distill"]


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        ({"remat": True}, 4),
        pytest.param(
            {"gradient_cache_microbatch": 64}, 4, marks=pytest.mark.slow
        ),
        pytest.param({"memory_size": 4096}, 4, marks=pytest.mark.slow),
        ({"remat": True, "gradient_cache_microbatch": 64}, 5),
    ],
)
def test_passes_of_pretraining_alone_are_not_those_of_other_stages(
    options, passes
):
    """What was measured has them; the other stages take a share of it."""
    plain, recipe = costs(), recommend(SIGNS)
    for option, value in options.items():
        recipe.choose("pretrain", option, value, "", "")
    faster = costs(recipe=recipe)
    assert faster.step["pretrain"] == plain.step["pretrain"]
    for stage in ("distill", *LABELS):
        shorter = faster.step[stage] - stage_costs.STEP
        usual = plain.step[stage] - stage_costs.STEP
        assert shorter == pytest.approx(3 / passes * usual)


def test_selective_kernels_of_the_teacher_are_not_the_students():
    """A step that was measured with them leaves a plain student cheaper."""
    recipe, plain = recommend(SIGNS), recommend(SIGNS)
    for stage in ("pretrain", "finetune"):
        for one in (recipe, plain):
            one.choose(stage, "resnet_depth", 50, "", "")
        recipe.choose(stage, "sk_ratio", 0.0625, "", "")
    teacher, student = (
        stage_costs.multiplications(recipe.options(stage))
        for stage in ("pretrain", "scratch")
    )
    without = stage_costs.multiplications(plain.options("pretrain"))
    assert teacher > 1.3 * without
    plain, other = costs(recipe=plain), costs(recipe=recipe)
    of_student = other.step["scratch"] - stage_costs.STEP
    before = plain.step["scratch"] - stage_costs.STEP
    assert of_student == pytest.approx(before * without / teacher)
    assert other.step["finetune"] == pytest.approx(plain.step["finetune"])
    squeezed = {**recipe.options("scratch"), "se_ratio": 0.25}
    assert stage_costs.multiplications(squeezed) > student


@pytest.mark.parametrize("weights", [False, True])
def test_a_job_without_labels_has_the_costs_of_pretraining_alone(weights):
    initial = {"resnet_depth": 18, "width_multiplier": 1, "image_size": 32}
    facts = dataclasses.replace(
        SIGNS,
        labelled=0,
        fewest=0,
        classes=0,
        initial=initial if weights else {},
    )
    recipe = recommend(facts)
    recipe.give({stage: {"train_batch_size": 64} for stage in STAGES})
    given_weights.start_from(recipe, facts)
    found = StepTime(0.3, 10.0)
    alone = stage_costs.costs_of(recipe, found, ["pretrain"])
    assert alone.step == {"pretrain": 0.3}
