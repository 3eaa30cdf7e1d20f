"""The devices that the batches of a stage are shared by."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_devices
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.runs.plan import make_plan
from tests.recipes.test_rules import SERVER
from tests.recipes.test_rules import SIGNS


def chosen(labelled, devices=8, given=None, **facts):
    machine = dataclasses.replace(SERVER, accelerators=devices)
    facts = dataclasses.replace(
        SIGNS, machine=machine, labelled=labelled, **facts
    )
    recipe = recommend(facts)
    recipe.give(given or {})
    stage_devices.choose(recipe, facts)
    return recipe


def strategies(recipe):
    stages = ("pretrain", "finetune", "distill", "scratch")
    return [recipe.options(stage).get("strategy") for stage in stages]


ALONE = "one_device"


@pytest.mark.parametrize(
    ("labelled", "devices", "expected"),
    [
        (50, 0, [None, None, None, None]),
        (2, 1, [None, None, None, None]),
        (8, 8, [None, None, None, None]),
        (7, 8, [None, ALONE, None, ALONE]),
        (0, 8, [None, None, None, None]),
    ],
)
def test_fewer_labels_than_devices_are_for_one(labelled, devices, expected):
    recipe = chosen(labelled, devices, fewest=1)
    assert strategies(recipe) == expected
    for stage in ("finetune", "scratch") if labelled else ():
        batch = recipe.options(stage)["train_batch_size"]
        replicas = stage_devices.replicas(recipe, stage, max(1, devices))
        config = Config(
            train_mode="finetune", train_batch_size=batch, warmup_epochs=0
        )
        assert make_plan(config, labelled, replicas).batch_size <= labelled


def test_parts_of_the_labels_count_as_what_is_left_of_them():
    folds = {"finetune": {"best_folds": 2, "patience": 3}}
    recipe = chosen(8, given=folds, fewest=2)
    assert strategies(recipe) == [None, ALONE, None, None]
    (reason,) = (r for r in recipe.of("finetune") if r.option == "strategy")
    assert reason.why == "4 labels in a run are fewer than 8 devices"
    assert strategies(chosen(16, given=folds, fewest=2))[1] is None
    # Trials leave parts out too.
    assert strategies(chosen(30, 16, fewest=2, classes=2))[1] == ALONE
    assert strategies(chosen(30, 15, fewest=2, classes=2))[1] is None


def test_a_strategy_that_is_given_stays():
    given = {"finetune": {"strategy": "mirrored"}}
    recipe = chosen(5, given=given)
    assert strategies(recipe) == [None, "mirrored", None, ALONE]
    assert stage_devices.replicas(recipe, "finetune", 8) == 8
    assert stage_devices.replicas(recipe, "scratch", 8) == 1
