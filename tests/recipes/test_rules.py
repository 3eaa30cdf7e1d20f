"""The recipe: its rules, its time and its memory."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.optimizers import scale_learning_rate
from simclrv2_tf.recipes import given_weights
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes.batch_rates import choose_rates
from simclrv2_tf.recipes.budget import short_runs
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import stage_steps
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import RULES
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.facts import MirroredLabels
from simclrv2_tf.recipes.rules.machine import Machine

LAPTOP = Machine(2, 0, True, 16e9)
SERVER = Machine(32, 8, True, 200e9)
SIGNS = Facts(1650, 50, 5, 10, 100, 3, LAPTOP, 1200.0)


def planned(facts, step=0.3, start=10.0, spent=20.0, given=None):
    recipe = recommend(facts)
    recipe.given = given or {}
    stages = time_plan.stages_of(recipe, facts)
    costs = stage_costs.costs_of(recipe, StepTime(step, start), stages)
    time_plan.plan(recipe, facts, costs, spent)
    return recipe


def test_every_rule_has_a_reason_and_a_source():
    for rule in RULES:
        assert rule.why and rule.source, rule.option
        assert set(rule.stages) <= set(STAGES)
        assert rule.option in Config.__dataclass_fields__


def test_every_stage_is_a_config():
    recipe = planned(SIGNS)
    for stage in STAGES:
        mode = "finetune" if stage == "scratch" else stage
        begins = {"distill": {"teacher": "x"}, "finetune": {"checkpoint": "x"}}
        Config(
            train_mode=mode, **begins.get(stage, {}), **recipe.options(stage)
        )


def test_no_batch_is_larger_than_its_rate_is_known_for():
    many = dataclasses.replace(SIGNS, examples=10**6, machine=SERVER)
    assert recommend(many).options("pretrain")["train_batch_size"] == 1024
    alone = dataclasses.replace(many, machine=LAPTOP)
    assert recommend(alone).options("pretrain")["train_batch_size"] == 256


@pytest.mark.parametrize(
    ("batch", "scaled"), [(64, 0.5), (256, 2.0), (1024, 4.0), (4096, 8.0)]
)
def test_the_rate_grows_with_the_square_root_of_large_batches(batch, scaled):
    facts = dataclasses.replace(SIGNS, given={"train_batch_size": batch})
    rate = recommend(facts).options("pretrain")["learning_rate"]
    assert rate * batch / 256 == pytest.approx(scaled)


def test_the_rate_is_that_of_the_batch_that_fits_the_memory():
    many = dataclasses.replace(SIGNS, examples=10**6, machine=SERVER)
    recipe = recommend(many)
    choose_rates(recipe, many)
    assert recipe == recommend(many)
    recipe.choose("pretrain", "train_batch_size", 512, "why", "source")
    choose_rates(recipe, many)
    rate = recipe.options("pretrain")["learning_rate"]
    assert rate * 512 / 256 == pytest.approx(2 * 2**0.5, rel=1e-4)
    recipe.give({"pretrain": {"learning_rate": 0.7}})
    choose_rates(recipe, many)
    assert recipe.options("pretrain")["learning_rate"] == 0.7


def scaled_rates(facts, options):
    """{stage: (rate after scaling, batch)} with options for all stages."""
    facts = dataclasses.replace(facts, given=options)
    recipe = recommend(facts)
    recipe.give(dict.fromkeys(STAGES, options))
    choose_rates(recipe, facts)
    rates = {}
    for stage in STAGES:
        made = recipe.options(stage)
        scaling = made.get("learning_rate_scaling", "linear")
        batch = made["train_batch_size"]
        rate = scale_learning_rate(made["learning_rate"], batch, scaling)
        rates[stage] = rate, batch
    return recipe, rates


@pytest.mark.parametrize("batch", [None, 16, 512])
@pytest.mark.parametrize("scaling", ["linear", "sqrt"])
def test_rates_are_those_of_the_rules_after_any_scaling(scaling, batch):
    facts = dataclasses.replace(SIGNS, labelled=600, fewest=60)
    options = {"learning_rate_scaling": scaling}
    if batch:
        options["train_batch_size"] = batch
    recipe, rates = scaled_rates(facts, options)
    for stage, (rate, images) in rates.items():
        share = images / 256
        expected = {
            "pretrain": 2.0 * min(share, share**0.5),
            "finetune": 0.01,
            "distill": 0.2 * share,
            "scratch": 0.5 * share,
        }[stage]
        assert rate == pytest.approx(expected, rel=1e-3)
        (why,) = {r.why for r in recipe.of(stage) if r.option.endswith("rate")}
        assert ("after sqrt scaling, which is given" in why) == (
            scaling == "sqrt"
        )


def test_a_probe_that_is_kept_has_no_rate_in_any_scaling():
    _, rates = scaled_rates(SIGNS, {"learning_rate_scaling": "sqrt"})
    assert rates["finetune"][0] == 0.0


def test_a_rate_that_is_given_is_scaled_as_it_is_asked():
    options = {"learning_rate_scaling": "sqrt", "learning_rate": 0.1}
    recipe, _ = scaled_rates(SIGNS, options)
    assert recipe.options("finetune")["learning_rate"] == 0.1


def test_checkpoints_by_the_epoch_are_not_by_steps():
    given = {stage: {"checkpoint_epochs": 2} for stage in STAGES[:3]}
    recipe = planned(SIGNS, given=given)
    stage_steps.take_share(recipe, "distill", 0.5, "late", 1650)
    for stage in STAGES:
        by_steps = "checkpoint_steps" in recipe.options(stage)
        assert by_steps == (stage not in given)


def test_all_stages_see_the_channels_that_pretraining_is_given():
    facts = dataclasses.replace(SIGNS, given={"channels": 1})
    recipe = recommend(facts)
    assert [recipe.options(s)["channels"] for s in STAGES] == [1] * 4


def test_sources_call_the_data_what_the_docs_call_them():
    assert not any("signs" in rule.source for rule in RULES)


@pytest.mark.parametrize(
    ("labelled", "accelerators", "batch"),
    [(50, 0, 50), (50, 8, 48), (200, 3, 63), (8, 8, 8), (5, 8, 5)],
)
def test_batches_of_labels_are_shared_by_all_devices(
    labelled, accelerators, batch
):
    machine = dataclasses.replace(SERVER, accelerators=accelerators)
    facts = dataclasses.replace(SIGNS, labelled=labelled, machine=machine)
    options = recommend(facts).options("scratch")
    assert options["train_batch_size"] == batch


@pytest.mark.parametrize(
    ("labels", "after_block", "rate"),
    [(1, 4, 0.0), (9, 4, 0.0), (10, -1, 0.002)],
)
def test_few_labels_leave_the_features_as_they_are(labels, after_block, rate):
    facts = dataclasses.replace(SIGNS, fewest=labels, labelled=10 * labels)
    options = planned(facts).options("finetune")
    assert options["linear_probe_init"]
    assert options["fine_tune_after_block"] == after_block
    assert options["learning_rate"] == pytest.approx(rate)
    assert (options["train_steps"] == 1) == (labels < 10)


def test_a_rare_class_does_not_stop_training_on_many_labels():
    # 2,390 labels of a class and 10 of the other.
    facts = dataclasses.replace(SIGNS, labelled=2400, fewest=8, classes=2)
    options = recommend(facts).options("finetune")
    assert options["fine_tune_after_block"] == -1
    assert options["learning_rate"] > 0


@pytest.mark.parametrize(("told", "flips"), [(0.5, True), (0.9, False)])
def test_every_stage_of_the_recipe_flips_or_none(told, flips):
    recipe = recommend(dataclasses.replace(SIGNS, told_from_mirror=told))
    for stage in ("pretrain", "finetune", "distill", "scratch"):
        assert recipe.options(stage)["random_flip"] is flips
    (why,) = {r.why for r in recipe.of("distill") if r.option == "random_flip"}
    assert f"tells {told:.0%} of the images" in why


@pytest.mark.parametrize(("differ", "flips"), [(True, False), (False, True)])
def test_classes_that_a_mirror_changes_are_not_flipped(differ, flips):
    labels = MirroredLabels(0.82, 0.16, 100, differ)
    recipe = recommend(dataclasses.replace(SIGNS, mirrored_labels=labels))
    assert all(recipe.options(s)["random_flip"] is flips for s in STAGES)
    (why,) = {r.why for r in recipe.of("scratch") if r.option == "random_flip"}
    said = "of 100 labelled images left out it tells 82% right, and 16% of thei"
    assert said in why
    assert why.endswith("images: these are of other classes") == differ


@pytest.mark.parametrize("decided", ["given", "initial"])
def test_the_rules_know_what_has_been_decided(decided):
    network = {"image_size": 224, "resnet_depth": 50, "width_multiplier": 1}
    facts = dataclasses.replace(SIGNS, side=512, **{decided: network})
    recipe = recommend(facts)
    student = recipe.options("distill")
    depth = {"given": 50, "initial": 18}[decided]  # 18 is trained in the time
    assert student["resnet_depth"] == depth
    assert student["image_size"] == 224
    pretrain = recipe.options("pretrain")
    assert pretrain["crop_area_min"] == 0.08 and pretrain["use_blur"]
    assert pretrain["color_jitter_strength"] == 1.0


@pytest.mark.parametrize(
    ("elongation", "area"),
    [(1.5, 0.3), (3.5, 0.08), (4.5, 0.0667), (20.0, 0.015)],
)
def test_long_images_keep_small_crops(elongation, area):
    # Of an image longer than 40:9 no view of 4:3 has 0.3 of the area, and of
    # one longer than 50:3 none has 0.08.
    facts = dataclasses.replace(SIGNS, elongation=elongation)
    recipe = recommend(facts)
    assert recipe.options("pretrain")["crop_area_min"] == area
    (why,) = {
        r.why for r in recipe.of("scratch") if r.option == "crop_area_min"
    }
    assert f"these: {elongation} to 1" in why


def test_the_time_of_pretraining_that_is_left_out_is_distillations():
    facts = dataclasses.replace(SIGNS, initial={"image_size": 32})
    recipe = recommend(facts)
    given_weights.start_from(recipe, facts)
    batch = recipe.options("pretrain")["train_batch_size"]
    costs = stage_costs.costs_of(recipe, StepTime(0.3 * batch / 256, 10.0))
    time_plan.plan(recipe, facts, costs, 20.0)
    options = recipe.options("distill")
    most = stage_steps.MOST_EPOCHS["distill"] * SIGNS.examples
    assert options["train_steps"] == most // options["train_batch_size"]
    assert "pretrain" not in recipe.seconds


@pytest.mark.parametrize(
    ("reckoned", "steps"), [(0.0, 16), (0.3, 16), (1.5, 10), (37.0, 4)]
)
def test_the_probe_is_short_where_steps_are_long(reckoned, steps):
    assert step_time.steps_for(reckoned) == steps


def test_the_time_is_kept():
    recipe = planned(SIGNS)
    assert sum(recipe.seconds.values()) + 20 == pytest.approx(1200, rel=0.03)
    assert recipe.seconds["pretrain"] > 0.4 * 1200
    slow = planned(SIGNS, step=0.6)
    steps = [r.options("pretrain")["train_steps"] for r in (recipe, slow)]
    assert steps[0] == pytest.approx(2 * steps[1], rel=0.1)


def test_steps_that_are_given_stay():
    given = {s: {"train_steps": 7} for s in STAGES}
    recipe = planned(SIGNS, given=given)
    assert all(recipe.options(s)["train_steps"] == 7 for s in STAGES)
    epochs = {s: {"train_epochs": 3} for s in STAGES}
    options = planned(SIGNS, given=epochs).options("pretrain")
    assert options["train_epochs"] == 3 and "train_steps" not in options


def test_no_time_for_an_epoch():
    facts = dataclasses.replace(SIGNS, examples=10**7, seconds=600.0)
    with pytest.raises(ValueError, match=r"needs \d+:\d\d. Received: 10 min"):
        planned(facts)


def test_without_labels_it_pretrains_alone():
    facts = dataclasses.replace(SIGNS, labelled=0, fewest=0, classes=0)
    recipe = planned(facts)
    assert set(recipe.seconds) == {"pretrain"}


def test_pilots_need_two_labels_a_class_and_time():
    assert planned(SIGNS, step=0.6).pilot_runs == 2
    assert planned(SIGNS, step=0.4).pilot_runs == 3
    assert planned(SIGNS).options("pilot")["train_steps"] >= 120
    tiny = dataclasses.replace(SIGNS, side=16)
    short = planned(tiny, step=0.9)  # a fifth of the time is not enough
    assert short.pilot_runs == 2
    assert short.seconds["pilots"] == pytest.approx(0.35 * 1092)
    one = dataclasses.replace(SIGNS, fewest=1, labelled=10)
    assert not planned(one).pilot_runs
    assert not planned(dataclasses.replace(tiny, seconds=300.0)).pilot_runs
    assert not planned(dataclasses.replace(SIGNS, seconds=200.0)).pilot_runs
    given = {"pretrain": {"color_jitter_strength": 0.5, "crop_area_min": 0.3}}
    assert not planned(SIGNS, given=given).pilot_runs


def test_pilots_see_smaller_images_where_there_is_no_time_for_whole_ones():
    whole, half = planned(SIGNS, step=0.6), planned(SIGNS, step=0.9)
    assert whole.options("pilot")["image_size"] == 32
    assert half.options("pilot")["image_size"] == 16
    assert half.options("pilot")["train_steps"] == 150
    assert half.pilot_runs == 3  # the usual, and two of less colour distortion
    assert half.seconds["pilots"] < whole.seconds["pilots"]
    assert half.options("pretrain")["image_size"] == 32
    text = recipe_text.lines(half)
    line = next(t for t in text if "half of pretraining's" in t)
    assert line.startswith("  --image_size=16")


@pytest.mark.parametrize(
    ("changed", "given"),
    [
        ({}, {"color_jitter_strength": 0.5}),  # crops alone are left to try
        ({"given": {"backbone": "keras:A"}}, {"backbone": "keras:A"}),
        ({"initial": {"backbone": "keras:A"}, "examples": 60_000}, {}),
    ],
)
def test_pilots_of_these_see_whole_images(changed, given):
    """Nothing is tried on smaller ones, or networks may not take them."""
    facts = dataclasses.replace(SIGNS, **changed)
    recipe = recommend(facts)
    recipe.given = {"pretrain": given}
    ways = list(short_runs._ways_of_pilots(recipe, facts))
    assert any(runs > 1 for _, side, runs in ways if side == 32)
    assert not any(runs > 1 for _, side, runs in ways if side != 32)


ONE_LABEL = {"fewest": 1, "labelled": 10}
NO_LABELS = {"fewest": 0, "labelled": 0, "classes": 0}


@pytest.mark.parametrize(
    ("changed", "given", "strength"),
    [
        ({}, {}, 0.5),  # pilot runs judge it
        (ONE_LABEL, {}, 0.25),
        (NO_LABELS, {}, 0.25),
        ({"seconds": 200.0}, {}, 0.25),
        ({**ONE_LABEL, "channels": 1}, {}, 0.5),
        ({**ONE_LABEL, "grey": True}, {}, 0.5),
        (ONE_LABEL, {"color_jitter_strength": 0.7}, 0.7),
        (ONE_LABEL, {"crop_area_min": 0.2}, 0.25),
    ],
)
def test_colours_are_distorted_less_where_nothing_judges(
    changed, given, strength
):
    facts = dataclasses.replace(SIGNS, **changed)
    recipe = planned(facts, given={"pretrain": given})
    assert recipe.options("pretrain")["color_jitter_strength"] == strength


def test_trials_of_fine_tuning_are_planned():
    recipe = planned(SIGNS)
    assert recipe.trials and recipe.seconds["trials"] < 0.2 * 1200
    assert recipe.options("trial")["train_steps"] == 200
    assert not planned(dataclasses.replace(SIGNS, seconds=200.0)).trials
    one = dataclasses.replace(SIGNS, fewest=1, labelled=10)
    assert not planned(one).trials
    short = planned(SIGNS, given={"finetune": {"train_steps": 7}})
    assert short.options("trial")["train_steps"] == 7


def test_what_is_given_wins():
    recipe = Recipe(given={"pretrain": {"temperature": 0.5}})
    recipe.choose("pretrain", "temperature", 0.2, "why", "source")
    assert recipe.options("pretrain") == {"temperature": 0.5}
    assert Recipe.from_json(recipe.to_json()) == recipe
