"""What a job does with weights that are given, and when it asks for them."""

import dataclasses
import types

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.hub import catalogue
from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS


@pytest.mark.parametrize(
    ("examples", "stage"), [(100, "finetune"), (50_000, "pretrain")]
)
def test_weights_are_looked_at_as_they_are_read(monkeypatch, examples, stage):
    asked = []

    def find_weights(*arguments):
        asked.append(arguments)
        return types.SimpleNamespace(arguments={"resnet_depth": 50})

    monkeypatch.setattr(given_weights.hub, "find_weights", find_weights)
    config = Config(
        mode="recommend",
        checkpoint="x.pth",
        checkpoint_ignore="projector",
        stage_options={stage: {"checkpoint_ema": True}},
    )
    assert given_weights.initial(config, examples) == {"resnet_depth": 50}
    assert asked == [("x.pth", True, "projector")]
    config = dataclasses.replace(config, checkpoint=None)
    assert given_weights.initial(config, examples) == {}
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, True),
        ({"channels": 1}, False),  # no photograph
        ({"grey": True}, False),
        ({"side": 32}, False),
        ({"examples": 50_000}, False),  # enough to learn from
        ({"initial": {"resnet_depth": 50}}, False),  # has them
    ],
)
def test_photographs_are_told_of_published_weights(changes, said):
    notes = given_weights.notes(dataclasses.replace(SIGNS, **changes))
    assert any(given_weights.WEIGHTS in note for note in notes) == said
    assert catalogue.find(given_weights.WEIGHTS)


@pytest.mark.parametrize("kind", [{}, {"channels": 1, "side": 8}])
def test_too_few_images_of_any_kind_are_told(kind):
    few = dataclasses.replace(SIGNS, examples=160, **kind)
    said, *weights = given_weights.notes(few)
    assert said.startswith("160 images are too few to learn much from")
    assert len(weights) == (not kind)
    for enough in ({"examples": 161}, {"initial": {"resnet_depth": 50}}):
        notes = given_weights.notes(dataclasses.replace(few, **enough))
        assert not any("too few" in note for note in notes)


def test_weights_that_are_given_say_what_the_teacher_is():
    initial = {
        "resnet_depth": 50,
        "width_multiplier": 1,
        "image_size": 224,
        "proj_head_mode": "none",
    }
    facts = dataclasses.replace(SIGNS, initial=initial)
    recipe = recommend(facts)
    given_weights.start_from(recipe, facts)
    assert recipe.options("finetune")["resnet_depth"] == 50
    assert recipe.options("finetune")["ft_proj_selector"] == 0
    assert recipe.options("distill")["resnet_depth"] == 18
    assert recipe.options("distill")["image_size"] == 224
    assert recipe.left_out == ["pretrain"]
    grey = dataclasses.replace(facts, channels=1)
    recipe = recommend(grey)
    given_weights.start_from(recipe, grey)
    for stage in STAGES:  # the teacher's images are the student's
        assert recipe.options(stage)["channels"] == 3
        (why,) = {r.why for r in recipe.of(stage) if r.option == "channels"}
        assert why == "as --checkpoint has it"
    many = dataclasses.replace(facts, examples=10**6)
    recipe = recommend(many)
    given_weights.start_from(recipe, many)
    assert not recipe.left_out
