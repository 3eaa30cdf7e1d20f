"""A step costs what takes longer: its computing or its images."""

import pytest

from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS


def costs(step=0.3, decoding=(0.0, 0.0), crop=0.0, recipe=None):
    found = StepTime(step, 10.0, DecodingTime(*decoding), crop)
    return stage_costs.costs_of(recipe or recommend(SIGNS), found)


def test_images_that_are_there_first_cost_nothing():
    assert costs(decoding=(1e-5, 1e-5), crop=1e-6).step == costs().step
    assert not costs(decoding=(1e-5, 1e-5)).waits


def test_a_step_of_distillation_decodes_half_as_many_images():
    slow = costs(decoding=(0.05, 0.0))
    assert slow.waits and slow.decoding == pytest.approx(256 * 0.05)
    assert slow.step["pretrain"] == pytest.approx(256 * 0.05)
    assert slow.step["distill"] == pytest.approx(128 * 0.05)
    for stage in ("finetune", "scratch"):  # few images, which are kept
        assert slow.step[stage] == costs().step[stage]


def test_labelled_images_that_do_not_fit_are_decoded_too():
    slow = costs(decoding=(0.05, 0.05))
    assert slow.step["scratch"] == pytest.approx(50 * 0.05)


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
