"""Pilot runs and trials: no longer than they are worth."""

import dataclasses

import pytest

from simclrv2_tf.recipes.budget import short_runs
from simclrv2_tf.recipes.budget import stage_steps
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS
from tests.recipes.test_rules import planned

HALF_A_DAY = dataclasses.replace(SIGNS, seconds=12 * 3600.0)


def test_a_pilot_run_is_a_quarter_of_the_longest_pretraining():
    recipe = planned(HALF_A_DAY)
    steps = recipe.options("pilot")["train_steps"]
    assert steps == 200 * 1650 // 256
    longest = stage_steps.MOST_EPOCHS["pretrain"] * 1650 // 256
    assert recipe.options("pretrain")["train_steps"] == longest
    assert recipe.pilot_runs == 4
    assert recipe.seconds["pilots"] == pytest.approx(4 * (10 + 0.3 * steps))


@pytest.mark.parametrize(
    "given", [{"train_steps": 150}, {"train_epochs": 24, "train_steps": None}]
)
def test_a_pilot_run_is_no_longer_than_pretraining(given):
    recipe = planned(HALF_A_DAY, given={"pretrain": given})
    steps = recipe.options("pilot")["train_steps"]
    assert steps == (given["train_steps"] or 24 * 1650 // 256)
    assert recipe.seconds["pilots"] == pytest.approx(4 * (10 + 0.3 * steps))


def test_pretraining_that_tells_nothing_apart_has_no_pilots():
    few = {"pretrain": {"train_steps": short_runs.LEAST_PILOT_STEPS - 1}}
    recipe = planned(HALF_A_DAY, given=few)
    assert not recipe.pilot_runs and "pilots" not in recipe.seconds


@pytest.mark.parametrize(("fewest", "parts"), [(3, 3), (5, 5), (9, 5)])
def test_trials_say_how_many_labels_they_leave_out(fewest, parts):
    facts = dataclasses.replace(SIGNS, labelled=10 * fewest, fewest=fewest)
    recipe = planned(facts)
    (why,) = {r.why for r in recipe.of("trial") if r.option == "train_steps"}
    assert why == f"2 runs, each without one label in {parts}"


def test_steps_that_are_too_many_for_trials_are_not_tried():
    given = {"finetune": {"train_steps": 10_000}}
    recipe = planned(SIGNS, given=given)
    assert not recipe.trials and "trials" not in recipe.seconds
    longer = dataclasses.replace(SIGNS, seconds=8 * 3600.0)
    assert planned(longer, given=given).trials


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [(150, 200), pytest.param(250, 251, marks=pytest.mark.slow)],
)
def test_trials_are_longer_than_the_warmup_that_is_given(epochs, steps):
    given = {"finetune": {"warmup_epochs": float(epochs)}}  # of one batch
    recipe = planned(HALF_A_DAY, given=given)
    assert recipe.options("trial")["train_steps"] == steps
    given["finetune"]["warmup_epochs"] = 1e6
    assert not planned(HALF_A_DAY, given=given).trials


def test_few_labels_in_all_judge_no_pilot_run():
    """Of two classes with two labels each four images would decide."""
    few = dataclasses.replace(SIGNS, labelled=4, fewest=2, classes=2)
    for facts, runs in (
        (few, 0),
        (dataclasses.replace(few, labelled=19, fewest=9), 0),
        (dataclasses.replace(few, labelled=20, fewest=10), 4),
    ):
        long = dataclasses.replace(facts, seconds=12 * 3600.0)
        recipe = planned(long)
        assert recipe.pilot_runs == runs
        usual, chosen = (
            {r.option: r for r in made.of("pretrain")}["color_jitter_strength"]
            for made in (recommend(long), recipe)
        )
        assert chosen.value == usual.value * (1.0 if runs else 0.5)
        if not runs:
            said = f"which takes 20 labelled images (these: {facts.labelled})"
            assert chosen.why.endswith(said)


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({"labelled": 10, "fewest": 1}, [0]),
        ({"labelled": 0, "fewest": 0, "classes": 0}, [0]),
        ({"labelled": 50, "fewest": 5}, [6, 4, 0]),
        ({"labelled": 1000, "fewest": 100}, [4, 0]),
    ],
)
def test_how_many_short_runs_there_may_be(changes, runs):
    facts = dataclasses.replace(SIGNS, **changes)
    assert short_runs.most(recommend(facts), facts) == runs
    for count in runs:
        bounded = dataclasses.replace(facts, short_runs=count, seconds=43200.0)
        recipe = planned(bounded)
        assert short_runs.planned(recipe, bounded) == count


FEW_STEPS = {"pretrain": {"train_steps": short_runs.LEAST_PILOT_STEPS - 1}}


@pytest.mark.parametrize(
    ("count", "given", "planned_runs", "words"),
    [
        (None, {}, 6, None),
        (6, {}, 6, None),
        (4, {}, 4, "there are no trials: the memory does not hold what they"),
        (0, {}, 0, "there are no pilot runs or trials: the memory does not"),
        # Memory for pilot runs alone, which are too short: trials have it.
        (4, FEW_STEPS, 2, None),
    ],
)
def test_a_plan_says_what_memory_it_lacks_and_only_that(
    count, given, planned_runs, words
):
    facts = dataclasses.replace(HALF_A_DAY, short_runs=count)
    recipe = planned(facts, given=given)
    assert short_runs.planned(recipe, facts) == planned_runs
    sentences = short_runs.notes(recipe, facts)
    assert len(sentences) == (words is not None)
    assert not words or sentences[0].startswith(words)


def test_what_there_is_no_time_for_is_not_blamed_on_the_memory():
    """Neither pilot runs nor trials, which four runs' memory would hold."""
    facts = dataclasses.replace(HALF_A_DAY, short_runs=4)
    given = {**FEW_STEPS, "finetune": {"train_steps": 10**6}}
    recipe = planned(facts, given=given)
    assert not recipe.pilot_runs and not recipe.trials
    assert short_runs.notes(recipe, facts) == []
