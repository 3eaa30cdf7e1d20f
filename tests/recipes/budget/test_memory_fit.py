"""Pretraining in the memory that there is, and what a job comes to."""

import dataclasses
import types

import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import process_memory
from simclrv2_tf.recipes.budget import stage_memory
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import teacher_ways
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.machine import Machine
from simclrv2_tf.recipes.rules.rate_scale import rate_scale
from simclrv2_tf.runs.hardware import memory_check
from simclrv2_tf.runs.plan import make_plan
from tests.recipes.test_rules import LAPTOP
from tests.recipes.test_rules import SERVER
from tests.recipes.test_rules import SIGNS

# A GPU of 8 GB: pretraining takes micro-batches of it.
SMALL_GPU = 7e9
PHOTOS = Facts(
    *(5_000, 1_000, 100, 10, 300, 3),
    Machine(8, 1, True, 32e9),
    48 * 3600.0,
)
SHARED = ("train_batch_size", "gradient_cache_microbatch")


@pytest.mark.parametrize("taken", [0.0, 1.25e9])
def test_a_batch_that_fits(monkeypatch, taken):
    monkeypatch.setattr(memory_check, "before_runs", lambda: taken)
    before = (taken and taken + process_memory.left(4)) / 1e9
    recipe = recommend(dataclasses.replace(SIGNS, machine=LAPTOP))
    memory_fit.fit(recipe, short_runs=4)
    assert "gradient_cache_microbatch" not in recipe.options("pretrain")
    whole, taken_before = recipe.memory, recipe.memory_before
    assert taken_before == taken
    expected = memory_check.expect(Config(**recipe.options("pretrain")))
    left = process_memory.left(4) if taken else 0
    assert whole == expected.peak + taken + left
    process_memory.tell(recipe, 4, 6)
    more = 2 * process_memory.LEFT_BY_SHORT_RUN if taken else 0
    assert recipe.memory == pytest.approx(whole + more)
    assert ("1.2 GB of it before it begins" in recipe.notes[-1]) == (taken > 0)
    memory_fit.fit(recipe, memory_budget=before + 0.6, short_runs=4)
    assert recipe.memory < whole
    options = recipe.options("pretrain")
    assert options["train_batch_size"] == 256
    assert 16 <= options["gradient_cache_microbatch"] < 256
    with pytest.raises(ValueError, match="The memory must hold"):
        memory_fit.fit(recipe, memory_budget=before + 0.1, short_runs=4)
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
    before = taken + (process_memory.left(0) if taken else 0)
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


def test_pretraining_that_is_left_out_needs_no_memory():
    weights = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}
    facts = dataclasses.replace(SIGNS, initial=weights)
    recipe = recommend(facts)
    given_weights.start_from(recipe, facts)
    # A step is measured all the same: in little memory.
    assert recipe.options("pretrain")["train_batch_size"] == 16
    memory_fit.fit(recipe, 0.001, stages=["pretrain"])
    assert not recipe.memory
    memory_fit.fit(recipe, initial=weights)
    others = [memory_of(recipe, stage) for stage in STAGES[1:]]
    assert recipe.memory == max(others)


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
    for stage in STAGES:
        expected = stage_memory.expect(recipe, stage, replicas=replicas)
        assert expected.peak <= recipe.memory <= budget * 1e9
    part = options.get("gradient_cache_microbatch", 0)
    assert part < options["train_batch_size"] / replicas


def test_memory_of_a_keras_backbone_is_not_known_and_stops_nothing():
    given = {"pretrain": {"backbone": "keras:MobileNetV3Small"}}
    recipe = Recipe(given=given)
    recipe.choose("pretrain", "train_batch_size", 256, "why", "source")
    memory_fit.fit(recipe, memory_budget=0.1, stages=STAGES[:3])
    assert recipe.options("pretrain")["train_batch_size"] == 256
    assert not recipe.memory
    (note,) = recipe.notes
    assert note == (
        "memory of pretraining, fine-tuning, distillation: not estimated: a "
        "network is no ResNet of ours"
    )


def memory_of(recipe, stage, **arguments):
    expected = stage_memory.expect(recipe, stage, **arguments)
    return process_memory.whole(expected, 0)


@pytest.fixture
def small_gpu(monkeypatch):
    gpus = [types.SimpleNamespace(name="GPU:0")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: gpus)
    monkeypatch.setattr(
        memory_check, "_device_memory", lambda gpu: SMALL_GPU / 0.9
    )


def test_every_stage_fits_a_small_gpu(small_gpu):
    recipe = recommend(PHOTOS)
    teacher = recipe.options("pretrain")
    assert (teacher["resnet_depth"], teacher["width_multiplier"]) == (50, 2)
    before = {stage: recipe.options(stage) for stage in STAGES}
    assert memory_of(recipe, "distill") > SMALL_GPU
    memory_fit.fit(recipe)
    for stage in STAGES:
        assert memory_of(recipe, stage) <= recipe.memory <= SMALL_GPU
    after = {stage: recipe.options(stage) for stage in STAGES}
    assert after["pretrain"]["gradient_cache_microbatch"] == 16
    assert after["distill"]["train_batch_size"] in (32, 64)
    assert after["distill"]["learning_rate"] == 0.2
    # Fine-tuning's rate is for any batch.
    tuned, first = after["finetune"], before["finetune"]
    assert tuned["train_batch_size"] < first["train_batch_size"]
    assert tuned["learning_rate"] * rate_scale(tuned) == pytest.approx(
        first["learning_rate"] * rate_scale(first), rel=1e-3
    )
    usual = teacher_ways.ways(recipe)[teacher_ways.USUAL]
    assert memory_of(recipe, "finetune", changes=usual) <= SMALL_GPU
    (why,) = {
        r.why for r in recipe.of("distill") if r.option == "train_batch_size"
    }
    assert why.endswith("of the 7.0 GB that may be taken")


def test_a_batch_that_is_given_stays_and_its_rate(small_gpu):
    recipe = recommend(PHOTOS)
    recipe.give({"finetune": {"train_batch_size": 64}})
    rate = recipe.options("finetune")["learning_rate"]
    memory_fit.fit(recipe)
    options = recipe.options("finetune")
    assert options["remat"] and options["train_batch_size"] == 64
    assert options["learning_rate"] == rate
    recipe = recommend(PHOTOS)
    recipe.give({"finetune": {"learning_rate": 0.7}})
    memory_fit.fit(recipe)
    assert recipe.options("finetune")["learning_rate"] == 0.7


@pytest.mark.parametrize("stage", ["finetune", "scratch", "distill"])
def test_a_stage_that_cannot_fit_is_refused_in_the_plan(small_gpu, stage):
    recipe = recommend(PHOTOS)
    given = {"train_batch_size": 2048, "remat": False}
    recipe.give({stage: given})
    words = memory_fit._IN_WORDS[stage]
    asked = f"must hold {words}.* or --{stage}.train_batch_size a smaller"
    with pytest.raises(ValueError, match=asked):
        memory_fit.fit(recipe)
    recipe.give({stage: {**given, "check_memory": False}})
    memory_fit.fit(recipe)
    assert recipe.memory > SMALL_GPU


def test_stages_from_given_weights_are_fitted_too(small_gpu):
    weights = {"resnet_depth": 152, "width_multiplier": 3, "image_size": 224}
    facts = dataclasses.replace(PHOTOS, initial=weights)
    recipe = recommend(facts)
    given_weights.start_from(recipe, facts)
    with pytest.raises(ValueError, match="must hold fine-tun.* --image_size a"):
        memory_fit.fit(recipe, 6.0, initial=weights)
    smaller = {**weights, "resnet_depth": 50}
    facts = dataclasses.replace(PHOTOS, initial=smaller)
    recipe = recommend(facts)
    given_weights.start_from(recipe, facts)
    memory_fit.fit(recipe, 6.0, initial=smaller)
    assert recipe.options("finetune")["train_batch_size"] < 64
    assert 0 < recipe.memory <= 6e9


def test_a_student_that_is_given_is_not_estimated():
    recipe = recommend(SIGNS)
    student = {"student": "keras:MobileNetV3Small"}
    scratch = {"backbone": student["student"]}
    recipe.give({"distill": student, "scratch": scratch})
    memory_fit.fit(recipe)
    (note,) = recipe.notes
    assert note.startswith("memory of distillation, training from scratch:")
    assert recipe.memory == memory_of(recipe, "pretrain")


PROBED = dataclasses.replace(PHOTOS, labelled=50, fewest=5)  # trains no weight


def evaluated(recipe):
    return {
        stage: recipe.options(stage).get("eval_batch_size") for stage in STAGES
    }


def test_fewer_images_are_answered_at_once_where_memory_is_little(small_gpu):
    recipe = recommend(PROBED)
    memory_fit.fit(recipe, 12.0)
    assert set(evaluated(recipe).values()) == {None}
    memory_fit.fit(recipe, 2.2, stages=STAGES[1:])
    chosen = evaluated(recipe)
    assert chosen["finetune"] in (16, 32, 64, 128)
    assert chosen["distill"] is None
    for stage in STAGES[1:]:
        assert memory_of(recipe, stage) <= recipe.memory <= 2.2e9
    larger = {"eval_batch_size": 2 * chosen["finetune"]}
    assert memory_of(recipe, "finetune", changes=larger) > 2.2e9


def test_steps_of_an_evaluation_that_are_given_stay_as_many_images(small_gpu):
    recipe = recommend(PROBED)
    recipe.give({stage: {"eval_steps": 10} for stage in STAGES})
    with pytest.raises(ValueError, match="--finetune.eval_batch_size a sma"):
        memory_fit.fit(recipe, 2.2, stages=STAGES[1:])
    memory_fit.fit(recipe, 12.0)
    assert set(evaluated(recipe).values()) == {None}


def test_images_of_an_evaluation_that_are_given_stay(small_gpu):
    recipe = recommend(PROBED)
    given = {"eval_batch_size": 2048}
    recipe.give(dict.fromkeys(STAGES, given))
    with pytest.raises(ValueError, match="or --eval_batch_size a smaller val"):
        memory_fit.fit(recipe, 5.0)
    recipe.give({stage: {**given, "check_memory": False} for stage in STAGES})
    memory_fit.fit(recipe, 5.0)
    assert set(evaluated(recipe).values()) == {2048}
    assert recipe.memory > 5e9


def test_a_stage_on_one_device_has_its_whole_batch(small_gpu):
    """Micro-batches are of what a device has of a batch."""
    recipe = recommend(PHOTOS)
    recipe.choose("finetune", "strategy", "one_device", "why", "source")
    shared = recommend(PHOTOS)
    for made in (recipe, shared):
        memory_fit.fit(made, replicas=4)
    batches = [
        m.options("finetune")["train_batch_size"] for m in (recipe, shared)
    ]
    assert batches[0] < batches[1]
    assert memory_of(recipe, "finetune") <= SMALL_GPU


def test_each_short_run_is_in_the_memory_that_is_fitted(monkeypatch):
    """One label of each has none of them, ten labels of each have ten."""
    monkeypatch.setattr(memory_check, "before_runs", lambda: 0.7e9)
    whole = []
    for runs in (0, 4, 10):
        recipe = recommend(SIGNS)
        memory_fit.fit(recipe, short_runs=runs)
        whole.append(recipe.memory)
    assert whole[1] - whole[0] == pytest.approx(0.56e9)
    assert whole[2] - whole[0] == pytest.approx(1.4e9)
    process_memory.tell(recipe, 10, 2)
    assert recipe.memory == pytest.approx(whole[0] + 0.28e9)
    budget = whole[0] / 1e9 + 0.01
    memory_fit.fit(recommend(SIGNS), budget)
    unchanged, smaller = recommend(SIGNS), recommend(SIGNS)
    memory_fit.fit(unchanged, budget)
    memory_fit.fit(smaller, budget + 0.2, short_runs=4)
    assert "gradient_cache_microbatch" not in unchanged.options("pretrain")
    assert "gradient_cache_microbatch" in smaller.options("pretrain")
