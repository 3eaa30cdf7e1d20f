"""Pretraining in the memory that there is, and what a job comes to."""

import dataclasses
import types

import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.facts import Facts
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.runs.hardware import memory_check
from simclrv2_tf.runs.plan import make_plan
from tests.recipes.test_rules import LAPTOP
from tests.recipes.test_rules import SERVER
from tests.recipes.test_rules import SIGNS

SHARED = ("train_batch_size", "gradient_cache_microbatch")


@pytest.mark.parametrize("taken", [0.0, 1.25e9])
def test_a_batch_that_fits(monkeypatch, taken):
    monkeypatch.setattr(memory_check, "before_runs", lambda: taken)
    before = (taken and taken + memory_fit.LEFT) / 1e9
    recipe = recommend(dataclasses.replace(SIGNS, machine=LAPTOP))
    memory_fit.fit(recipe)
    assert "gradient_cache_microbatch" not in recipe.options("pretrain")
    whole, taken_before = recipe.memory, recipe.memory_before
    assert taken_before == taken
    expected = memory_check.expect(Config(**recipe.options("pretrain")))
    left = memory_fit.LEFT if taken else 0
    assert whole == expected.peak + taken + left
    memory_fit.tell(recipe, 6)
    more = 2 * memory_fit.LEFT_BY_SHORT_RUN if taken else 0
    assert recipe.memory == pytest.approx(whole + more)
    assert ("1.2 GB of it before it begins" in recipe.notes[-1]) == (taken > 0)
    memory_fit.fit(recipe, memory_budget=before + 0.6)
    assert recipe.memory < whole
    options = recipe.options("pretrain")
    assert options["train_batch_size"] == 256
    assert 16 <= options["gradient_cache_microbatch"] < 256
    with pytest.raises(ValueError, match="The memory must hold"):
        memory_fit.fit(recipe, memory_budget=before + 0.1)
    with pytest.raises(ValueError, match=r"Received: 0\.001 GB that may"):
        memory_fit.fit(recipe, memory_budget=0.001)


@pytest.mark.parametrize(
    "given",
    [
        {"train_batch_size": 256},
        {"gradient_cache_microbatch": 0},
        {"train_batch_size": 256, "gradient_cache_microbatch": 0},
    ],
)
def test_memory_is_that_of_what_is_given(given):
    recipe = recommend(SIGNS)
    recipe.give({"pretrain": given})
    taken = memory_check.expect(Config(**recipe.options("pretrain"))).taken
    before = taken + (memory_fit.LEFT if taken else 0)
    budget = before / 1e9 + 0.7  # 0.92 for a batch of 256, 0.67 for its halves
    if len(given) == 2:
        asked = "give --image_size or .* or --train_batch_size a small"
        with pytest.raises(ValueError, match=asked):
            memory_fit.fit(recipe, budget)
        return
    memory_fit.fit(recipe, budget)
    options = recipe.options("pretrain")
    assert given.items() <= options.items()
    expected = memory_check.expect(Config(**options))
    assert recipe.memory == expected.peak + before <= budget * 1e9


@pytest.mark.parametrize(
    ("given", "batches", "parts"),
    [
        ({"train_batch_size": 130}, [], [65]),
        ({"train_batch_size": 192}, [], [96, 48, 24]),
        ({"gradient_cache_microbatch": 64}, [128], []),
        ({"gradient_cache_microbatch": 0}, [128, 64, 32, 16], []),
        ({}, [128, 64, 32, 16], [128, 64, 32, 16] + 3 * [16] + [0]),
    ],
)
def test_what_is_tried_goes_with_what_is_given(given, batches, parts):
    recipe = Recipe(given={"pretrain": given})
    options = {"train_batch_size": 256, **given}
    tried = list(memory_fit._free_to_try(recipe, options, 1))
    assert batches == [
        c["train_batch_size"] for c in tried if "train_batch_size" in c
    ]
    name = "gradient_cache_microbatch"
    assert parts == [c[name] for c in tried if name in c]


def test_pretraining_that_is_left_out_needs_no_memory():
    weights = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}
    facts = dataclasses.replace(SIGNS, initial=weights)
    recipe = recommend(facts)
    make_recipe.start_from(recipe, facts)
    # A step is measured all the same: in little memory.
    assert recipe.options("pretrain")["train_batch_size"] == 16
    memory_fit.fit(recipe, memory_budget=0.001)
    assert not recipe.memory


@pytest.mark.parametrize("replicas", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("budget", [75.0, 12.0, 7.0])
@pytest.mark.parametrize("seconds", [1200.0, 1e7])
def test_every_stage_can_be_shared_by_all_devices(
    monkeypatch, replicas, budget, seconds
):
    gpus = [types.SimpleNamespace(name=f"GPU:{i}") for i in range(replicas)]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: gpus)
    monkeypatch.setattr(memory_check, "_device_memory", lambda gpu: 80e9)
    facts = Facts(
        *(50_000, 500, 50, 10, 400, 3),
        dataclasses.replace(SERVER, accelerators=replicas),
        seconds,
    )
    recipe = recommend(facts)
    memory_fit.fit(recipe, budget, replicas)
    for stage in STAGES:
        options = recipe.options(stage)
        kept = {name: options[name] for name in SHARED if name in options}
        config = Config(train_steps=100, warmup_epochs=0, **kept)
        make_plan(config, 50_000, replicas)
    options = recipe.options("pretrain")
    told = memory_check.expect(Config(**options), replicas)
    assert told.peak <= budget * 1e9
    part = options.get("gradient_cache_microbatch", 0)
    assert part < options["train_batch_size"] / replicas


def test_memory_of_a_keras_backbone_is_not_known_and_stops_nothing():
    given = {"pretrain": {"backbone": "keras:MobileNetV3Small"}}
    recipe = Recipe(given=given)
    recipe.choose("pretrain", "train_batch_size", 256, "why", "source")
    memory_fit.fit(recipe, memory_budget=0.1)
    assert recipe.options("pretrain")["train_batch_size"] == 256
    (note,) = recipe.notes
    assert note.startswith("memory: not estimated")
