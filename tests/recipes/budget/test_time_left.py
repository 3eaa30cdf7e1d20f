"""Distillation has the time that the parts before it left."""

import pathlib
import types

import pytest

from simclrv2_tf import optimizers
from simclrv2_tf.recipes import job_seconds
from simclrv2_tf.recipes.budget import time_left
from simclrv2_tf.recipes.record import Record
from tests.recipes.test_rules import SIGNS
from tests.recipes.test_rules import planned

PARTS = {
    "pilots": "pilots",
    "pretrained": "pretrain",
    "scratch": "scratch",
    "finetuned": "finetune",
    "trials": "trials",
}


@pytest.fixture
def begun(tmp_path):
    """Makes a job whose parts took so many times what was planned."""

    def make(slower=1.0, given=None, **seconds):
        recipe = planned(SIGNS, given=given)
        record = Record(str(tmp_path))
        data = {"name": "hands", "examples": 1650}
        record.begin(asked={}, data=data, recipe=recipe.to_json(), seconds=20.0)
        for part, stage in PARTS.items():
            took = seconds.get(part, slower * recipe.seconds[stage])
            record.finish(part, {"seconds": took})
        return types.SimpleNamespace(recipe=recipe, record=record)

    return make


def steps(job):
    return job.recipe.options("distill")["train_steps"]


def seconds_to_come(job, before, slower):
    """Of distillation, at the pace of the parts before."""
    return slower * job.recipe.seconds["distill"] * steps(job) / before


@pytest.mark.parametrize("slower", [0.97, 1.0, 1.04])
def test_a_job_in_time_does_what_was_planned(begun, slower):
    job = begun(slower)
    before = job.recipe.to_json()
    assert not time_left.keep_to_plan(job)
    assert job.recipe.to_json() == before
    assert time_left.PART not in job.record.done


@pytest.mark.parametrize("slower", [1.08, 1.1])
def test_a_late_job_ends_when_it_was_to_end(begun, slower):
    job = begun(slower)
    before = steps(job)
    assert time_left.keep_to_plan(job)
    took = job_seconds.so_far(job.record)
    took += seconds_to_come(job, before, slower)
    total = job_seconds.planned(job.record.begun())
    assert took == pytest.approx(total, rel=0.01)
    assert 0.5 * before < steps(job) < before


def test_an_early_job_ends_when_it_was_to_end(begun):
    job = begun(0.85)
    before = steps(job)
    assert time_left.keep_to_plan(job)
    took = job_seconds.so_far(job.record)
    took += seconds_to_come(job, before, 0.85)
    total = job_seconds.planned(job.record.begun())
    assert took == pytest.approx(total, rel=0.01)
    assert before < steps(job) < 2 * before
    assert "the parts before took less" in job.recipe.notes[-1]


def test_no_more_than_twice_is_taken(begun):
    job = begun(0.1)
    before = steps(job)
    assert time_left.keep_to_plan(job)
    assert steps(job) == 2 * before


def test_no_less_than_half_is_left(begun):
    job = begun(2.0)
    before = steps(job)
    assert time_left.keep_to_plan(job)
    assert steps(job) == pytest.approx(before / 2, abs=1)


def test_all_parts_count_but_only_pretraining_tells_the_pace(begun):
    parts = begun().recipe.seconds
    late = 0.3 * parts["distill"]
    job = begun(finetuned=parts["finetune"] + late)
    assert time_left.share_left(job.recipe, job.record) == pytest.approx(0.7)


def test_failed_starts_count(begun):
    job = begun(1.0)
    assert time_left.share_left(job.recipe, job.record) == 1
    job.record.finish("attempts", [{"seconds": 150.0}])
    assert 0.5 <= time_left.share_left(job.recipe, job.record) < 0.6


def test_the_pace_of_the_run_goes_with_its_steps(begun):
    job = begun(1.1)
    before = job.recipe.options("distill")
    time_left.keep_to_plan(job)
    after = job.recipe.options("distill")
    share = after["train_steps"] / before["train_steps"]
    assert after["warmup_epochs"] == pytest.approx(
        share * before["warmup_epochs"], abs=0.01
    )
    assert after["checkpoint_steps"] <= after["train_steps"]
    reason = next(
        r for r in job.recipe.of("distill") if r.option == "train_steps"
    )
    assert "of what was planned: the parts before took longer" in reason.why
    assert (
        f"distillation: {after['train_steps']:,} steps"
        in (job.recipe.notes[-1])
    )


def test_what_was_decided_is_not_decided_again(begun, capsys):
    job = begun(1.08)
    time_left.keep_to_plan(job)
    decided = steps(job)
    resumed = begun(5.0)  # the record of a job that was killed since
    assert time_left.keep_to_plan(resumed) and steps(resumed) == decided


def test_a_run_that_has_begun_stays_as_it_is(begun):
    job = begun(2.0)
    run = pathlib.Path(job.record.path("distilled"))
    run.mkdir()
    (run / "flags.json").write_text("{}")
    assert not time_left.keep_to_plan(job)
    assert time_left.PART not in job.record.done


@pytest.mark.parametrize("option", ["train_steps", "train_epochs"])
def test_steps_of_the_user_stay(begun, option):
    job = begun(3.0, given={"distill": {option: 7}})
    assert not time_left.keep_to_plan(job)
    assert job.recipe.options("distill")[option] == 7


def test_weights_that_were_given_tell_no_pace(begun):
    job = begun(1.0)
    parts = job.recipe.seconds
    del job.record.done["pilots"], job.record.done["pretrained"]
    del parts["pilots"], parts["pretrain"]
    assert time_left.share_left(job.recipe, job.record) == 1
    assert parts["distill"] > 0


def test_a_warmup_that_is_given_ends_before_distillation_does(begun):
    batch = begun().recipe.options("distill")["train_batch_size"]
    warmup = 0.75 * steps(begun()) * batch / 1650
    job = begun(2.0, given={"distill": {"warmup_epochs": warmup}})
    before = steps(job)
    assert time_left.keep_to_plan(job)
    assert steps(job) == optimizers.warmup_steps(1650, batch, warmup) + 1
    assert 0.7 * before < steps(job) < before
