"""From data and machine to a recipe: what is measured, and what is decided."""

import contextlib
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.recipes import fitted_recipe
from simclrv2_tf.recipes import gathered_facts
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes.budget import image_memory
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget.decoding_time import IN_MEMORY
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import machine
from simclrv2_tf.runs.hardware import memory_check
from tests.recipes.test_rules import SIGNS

COUNT, SIDE = 80, 40
PIXELS = COUNT * SIDE * SIDE * 3
UNLABELLED = np.full(COUNT, -1, np.int32)
LABELLED = np.arange(COUNT, dtype=np.int32) % 2


def photographs(labels):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)
    files = [tf.io.encode_jpeg(image).numpy() for image in noise]
    names = ("a", "b") if labels.max() >= 0 else None
    return Source("noise", labels, Encoded(np.array(files, object)), names)


def planned(labels=UNLABELLED, **options):
    config = Config(train_mode="semi_supervised", **options)
    data = open_data(config, photographs(labels), None)
    return make_recipe.make_recipe(config, data)


@pytest.mark.parametrize(
    ("labels", "accuracy", "looks"),
    [(LABELLED, 0.5, True), (LABELLED, 0.9, False), (UNLABELLED, 0.5, False)],
)
def test_labels_tell_of_mirrors_where_nothing_else_settles_it(
    monkeypatch, labels, accuracy, looks
):
    calls = []

    def mirrored_labels(source, labelled, pixels):
        calls.append((source.num_examples, len(labelled), pixels))

    monkeypatch.setattr(gathered_facts, "mirrored_labels", mirrored_labels)
    monkeypatch.setattr(gathered_facts, "told_from_mirror", lambda *_: accuracy)
    data = open_data(Config(holdout_fraction=0.0), photographs(labels), None)
    sample, _ = gathered_facts.look_at(Config(), data)
    facts = gathered_facts.gather(Config(), data, sample)
    assert facts.mirrored_labels is None
    assert facts.told_from_mirror == accuracy
    assert calls == [(COUNT, COUNT, SIDE * SIDE)] * looks


class Measured(Exception):
    """In place of a measurement."""


@pytest.fixture
def refuse(monkeypatch):
    def measure(options, source, reckoned, decoding, replicas):
        raise Measured(decoding)

    monkeypatch.setattr(step_time, "measure", measure)


@pytest.fixture
def much_memory(monkeypatch):
    """A machine where a budget alone bounds memory."""
    for module in (image_memory, machine, memory_check):
        monkeypatch.setattr(module, "free_memory", lambda: 1e12)
    monkeypatch.setattr(memory_check, "before_runs", lambda: 1e9)


@pytest.mark.parametrize(
    "labels", [pytest.param(UNLABELLED, marks=pytest.mark.slow), LABELLED]
)
def test_a_job_of_a_few_steps_is_not_measured_and_says_so(
    much_memory, refuse, labels
):
    recipe = planned(labels, train_steps=16)
    (note,) = (n for n in recipe.notes if "times are not known" in n)
    assert "16 steps or fewer" in note
    assert recipe.options("pretrain")["checkpoint_steps"] == 4


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        pytest.param(
            UNLABELLED,
            {"stage_options": "pretrain.train_epochs=100"},
            marks=pytest.mark.slow,
        ),
        pytest.param(UNLABELLED, {"train_steps": 17}, marks=pytest.mark.slow),
        pytest.param(LABELLED, {"train_epochs": 50}, marks=pytest.mark.slow),
        (LABELLED, {"stage_options": "pretrain.train_steps=4"}),
    ],
)
def test_other_steps_that_are_given_are_measured(
    much_memory, refuse, labels, options
):
    with pytest.raises(Measured):
        planned(labels, **options)


def test_a_process_that_measures_ends_as_it_is_to(monkeypatch):
    """Its exit code tells a queue to start the job again."""

    def train(config, *_):
        raise Measured(config.preemption_exit_code)

    monkeypatch.setattr(step_time, "train", train)
    config = Config(preemption_exit_code=17)
    recipe = recommend(SIGNS)
    with pytest.raises(Measured, match="^17$"):
        make_recipe._measured(config, recipe, SIGNS, None, IN_MEMORY)


def test_devices_are_counted_once_they_have_joined(monkeypatch):
    """A TPU's cores are there once its strategy is made."""
    joined = []

    @contextlib.contextmanager
    def scope(config):
        joined.append(config.tpu_name)
        yield

    def this_machine(*_):
        raise Measured(list(joined))

    monkeypatch.setattr(make_recipe.devices, "scope", scope)
    monkeypatch.setattr(gathered_facts, "this_machine", this_machine)
    with pytest.raises(Measured) as measured:
        planned(tpu_name="local")
    assert measured.value.args == (["local"],)


@pytest.mark.parametrize(
    "options",
    [
        {"train_batch_size": 32},
        pytest.param(
            {"stage_options": "distill.train_batch_size=32"},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_batches_can_be_given_without_labels(much_memory, options):
    recipe = planned(train_steps=4, **options)
    assert set(recipe.seconds) == {"pretrain", "embed", "page"}


def decided(recipe, option="cache_dataset"):
    reasons = (r for r in recipe.of("pretrain") if r.option == option)
    return next((r.value, r.why) for r in reasons)


@pytest.mark.slow
def test_images_in_memory_are_in_the_plan(much_memory):
    kept = planned(train_steps=4, train_batch_size=16)
    value, why = decided(kept)
    assert value and "are decoded once" in why
    without = planned(train_steps=4, train_batch_size=16, cache_dataset=False)
    assert kept.memory - without.memory == pytest.approx(3 * PIXELS)


@pytest.mark.slow
def test_images_that_the_budget_does_not_hold_are_decoded(much_memory, refuse):
    few = {"train_steps": 4, "train_batch_size": 16}
    need = planned(**few, cache_dataset=False).memory
    enough, little = (need + share * PIXELS for share in (3.1, 2.9))
    assert decided(planned(**few, memory_budget=enough / 1e9))[0]
    recipe = planned(**few, memory_budget=little / 1e9)
    value, why = decided(recipe)
    assert not value and "are decoded in each epoch" in why
    assert recipe.memory == pytest.approx(need)
    with pytest.raises(Measured) as measured:
        planned(train_batch_size=16, memory_budget=little / 1e9)
    (decoding,) = measured.value.args
    assert decoding.of("pretrain") > 0


FACTS = dataclasses.replace(SIGNS, seconds=300.0)
STEP = step_time.StepTime(1.0, 10.0)


def self_distilled(facts=FACTS, given=None):
    """Whether the student becomes its teacher, and the memory."""
    recipe = recommend(facts)
    recipe.give(given or {})
    memory_fit.fit(recipe)
    before = recipe.memory
    limits = fitted_recipe.Limits(0.0, 1, STAGES, {}, image_memory.NO_IMAGES)
    costs = stage_costs.costs_of(recipe, STEP)
    other, others = make_recipe._self_distilled(
        recipe, facts, costs, STEP, 20.0, limits
    )
    assert (other is recipe) == (others is costs)
    assert other.memory >= before
    assert len(set(other.notes)) == len(other.notes)
    return other.self_distillation


def test_a_student_as_large_as_its_teacher_must_fit(monkeypatch):
    """Else the smaller one stays."""
    assert self_distilled()

    def fit(*arguments):
        raise ValueError("too large")

    monkeypatch.setattr(memory_fit, "fit_again", fit)
    assert not self_distilled()


def test_there_must_be_time_for_an_epoch_of_it():
    """Where its steps take twice as long as those of a smaller student."""
    many = dataclasses.replace(FACTS, examples=30_000, seconds=120.0)
    given = {"pretrain": {"train_steps": 20}}
    assert self_distilled(dataclasses.replace(many, seconds=3600.0), given)
    assert not self_distilled(many, given)


def test_a_network_that_the_memory_does_not_hold_is_made_smaller(monkeypatch):
    data = open_data(Config(), photographs(UNLABELLED), None)
    facts = dataclasses.replace(SIGNS, seconds=1e6)
    limits = fitted_recipe.Limits(
        0.0, 1, STAGES[:1], {}, image_memory.NO_IMAGES
    )
    widest = 0.5

    def fit(recipe, *limits, short_runs):
        options = recipe.options("pretrain")
        large = options["image_size"] > 32
        if large or options["width_multiplier"] > widest:
            raise ValueError("too large")

    monkeypatch.setattr(memory_fit, "fit", fit)
    config = Config(train_mode="semi_supervised")
    fitting, recipe = fitted_recipe.fitted(config, data, facts, limits)
    assert recipe.options("pretrain")["width_multiplier"] == 0.5
    assert fitting.largest.width_multiplier == 0.5
    assert "the memory does not hold a larger one" in recipe.notes[-1]
    widest = 0.0
    with pytest.raises(ValueError, match="too large"):
        fitted_recipe.fitted(config, data, facts, limits)
    widest, given = 0.5, {"width_multiplier": 1, "image_size": 32}
    given = {**given, "resnet_depth": 18}
    asked = Config(train_mode="semi_supervised", **given)
    decided = dataclasses.replace(facts, given=given)
    with pytest.raises(ValueError, match="too large"):
        fitted_recipe.fitted(asked, data, decided, limits)


TEN_LABELS = np.full(COUNT, -1, np.int32)
TEN_LABELS[:40] = LABELLED[:40]


@pytest.mark.parametrize(("holds", "count"), [(10, 10), (9, 4), (3, 0)])
def test_short_runs_give_way_where_memory_is_little(
    monkeypatch, much_memory, holds, count
):
    """Before the network does, and before the job is refused."""
    config = Config(train_mode="semi_supervised", holdout_fraction=0.0)
    data = open_data(config, photographs(TEN_LABELS), None)
    facts = dataclasses.replace(SIGNS, labelled=60, fewest=30, classes=2)
    limits = fitted_recipe.Limits(0.0, 1, STAGES, {}, image_memory.NO_IMAGES)
    counts = []

    def fit(recipe, *limits, short_runs):
        counts.append(short_runs)
        recipe.notes.append("fitted")
        if short_runs > holds:
            raise ValueError("too large")

    monkeypatch.setattr(memory_fit, "fit", fit)
    fitting, recipe = fitted_recipe.fitted(config, data, facts, limits)
    assert counts[-1] == fitting.short_runs == count
    assert fitting.largest is None and recipe.notes.count("fitted") == 1
    assert (count == 10) == (len(counts) == 1)
