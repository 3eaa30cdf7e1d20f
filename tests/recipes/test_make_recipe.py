"""From data and machine to a recipe: what is measured, and what is decided."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes.budget import image_memory
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.images.job_data import open_data
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


class Measured(Exception):
    """In place of a measurement."""


@pytest.fixture
def refuse(monkeypatch):
    def measure(options, source, reckoned, decoding):
        raise Measured(decoding)

    monkeypatch.setattr(step_time, "measure", measure)


@pytest.mark.parametrize("labels", [UNLABELLED, LABELLED])
def test_a_job_of_a_few_steps_is_not_measured_and_says_so(refuse, labels):
    recipe = planned(labels, train_steps=16)
    (note,) = (n for n in recipe.notes if "times are not known" in n)
    assert "16 steps or fewer" in note
    assert recipe.options("pretrain")["checkpoint_steps"] == 4


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (UNLABELLED, {"stage_options": "pretrain.train_epochs=100"}),
        (UNLABELLED, {"train_steps": 17}),
        (LABELLED, {"train_epochs": 50}),
        (LABELLED, {"stage_options": "pretrain.train_steps=4"}),
    ],
)
def test_other_steps_that_are_given_are_measured(refuse, labels, options):
    with pytest.raises(Measured):
        planned(labels, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"train_batch_size": 32},
        {"stage_options": "distill.train_batch_size=32"},
    ],
)
def test_batches_can_be_given_without_labels(options):
    recipe = planned(train_steps=4, **options)
    assert set(recipe.seconds) == {"pretrain"}


@pytest.fixture
def much_memory(monkeypatch):
    """A machine where a budget alone bounds memory."""
    for module in (image_memory, memory_check):
        monkeypatch.setattr(module, "free_memory", lambda: 1e12)
    monkeypatch.setattr(memory_check, "before_runs", lambda: 1e9)


def decided(recipe, option="cache_dataset"):
    reasons = (r for r in recipe.of("pretrain") if r.option == option)
    return next((r.value, r.why) for r in reasons)


def test_images_in_memory_are_in_the_plan(much_memory):
    kept = planned(train_steps=4, train_batch_size=16)
    value, why = decided(kept)
    assert value and "are decoded once" in why
    without = planned(train_steps=4, train_batch_size=16, cache_dataset=False)
    assert kept.memory - without.memory == pytest.approx(3 * PIXELS)


def test_images_that_the_budget_does_not_hold_are_decoded(much_memory, refuse):
    few = {"train_steps": 4, "train_batch_size": 16}
    need = planned(**few, cache_dataset=False).memory
    # More short runs are reckoned with before it is known that there are none.
    before = need + memory_fit.LEFT - memory_fit.LEFT_BY_STAGES
    enough, little = (before + share * PIXELS for share in (3.1, 2.9))
    assert decided(planned(**few, memory_budget=enough / 1e9))[0]
    recipe = planned(**few, memory_budget=little / 1e9)
    value, why = decided(recipe)
    assert not value and "are decoded in each epoch" in why
    assert recipe.memory == pytest.approx(need)
    with pytest.raises(Measured) as measured:
        planned(train_batch_size=16, memory_budget=little / 1e9)
    (decoding,) = measured.value.args
    assert decoding.of("pretrain") > 0


def test_a_student_as_large_as_its_teacher_must_fit(monkeypatch):
    """Else the smaller one stays."""
    recipe = make_recipe.recommend(SIGNS)
    recipe.give({})
    assert make_recipe._self_distilled(recipe, ()).self_distillation

    def fit(recipe):
        raise ValueError("too large")

    monkeypatch.setattr(memory_fit, "fit", fit)
    assert make_recipe._self_distilled(recipe, ()) is recipe
    assert not recipe.self_distillation
