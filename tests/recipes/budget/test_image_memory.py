"""Which stages keep their images in memory, and what that takes."""

import math
import types

import numpy as np
import pytest

from simclrv2_tf.data.cache import COPIES
from simclrv2_tf.data.cache import SHARE
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.recipes.budget import image_memory
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import process_memory
from simclrv2_tf.recipes.budget.image_memory import ImageMemory
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.runs.hardware import memory_check
from simclrv2_tf.runs.hardware.memory_check import Expected
from tests.recipes.test_rules import SIGNS

FREE, BEFORE = 32e9, 1e9
PHOTOS = ImageMemory(all=7.4e9, labelled=0.1e9)


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A processor with 32 GB free."""
    for module in (image_memory, memory_check):
        monkeypatch.setattr(module, "free_memory", lambda: FREE)
    monkeypatch.setattr(memory_check, "before_runs", lambda: BEFORE)


def fitted(images=PHOTOS, budget=0.0, given=None):
    recipe = recommend(SIGNS)
    recipe.give({stage: given or {} for stage in STAGES})
    memory_fit.fit(recipe, budget, images=images)
    return recipe


def kept(recipe):
    return [s for s in STAGES if recipe.options(s)["cache_dataset"]]


def test_images_are_in_the_memory_of_a_job():
    plain, recipe = fitted(image_memory.NO_IMAGES), fitted()
    assert kept(recipe) == list(STAGES)
    assert recipe.memory == pytest.approx(plain.memory + COPIES * 7.4e9)
    assert image_memory.kept(recipe, PHOTOS) == STAGES


def test_a_budget_bounds_them():
    recipe = fitted(budget=4.0)
    assert kept(recipe) == ["finetune", "scratch"]  # of few labels
    assert recipe.memory <= 4e9
    assert image_memory.kept(recipe, PHOTOS) == ("finetune", "scratch")
    (why,) = {
        r.why for r in recipe.of("distill") if r.option == "cache_dataset"
    }
    assert "7.4 GB of pixels, which are there 3 times, do not fit" in why


@pytest.mark.parametrize("more", [-0.05e9, 0.05e9])
def test_a_run_finds_what_the_plan_decides(more):
    """It looks again, when earlier parts have left what they do."""
    network = fitted(image_memory.NO_IMAGES).memory - BEFORE
    fit = (memory_check.MOST * FREE - network) / COPIES
    all = min(fit, SHARE * (FREE - network)) + more
    recipe = fitted(ImageMemory(all=all))
    assert ("pretrain" in kept(recipe)) == (more < 0)
    if more < 0:
        assert all <= SHARE * (FREE - process_memory.left(0))


def test_what_the_user_gave_stays():
    plain = fitted(image_memory.NO_IMAGES).memory
    recipe = fitted(given={"cache_dataset": True}, budget=27.0)
    assert recipe.memory == pytest.approx(plain + COPIES * 7.4e9)
    assert not any(r.option == "cache_dataset" for r in recipe.reasons)
    asked = "smaller value, or leave out --cache_dataset"
    with pytest.raises(ValueError, match=asked):
        fitted(given={"cache_dataset": True}, budget=10.0)
    recipe = fitted(given={"cache_dataset": False})
    assert recipe.memory == plain and not image_memory.kept(recipe, PHOTOS)


def test_what_no_run_keeps_takes_nothing():
    """As it is more than `data.cache` allows."""
    plain = fitted(image_memory.NO_IMAGES).memory
    huge = ImageMemory(all=FREE, labelled=FREE)
    recipe = fitted(huge, given={"cache_dataset": True})
    assert recipe.memory == plain and not image_memory.kept(recipe, huge)


def test_arrays_are_there_once_already():
    arrays = ImageMemory(all=2e9, labelled=0.5e9, arrays=True)
    plain, recipe = fitted(image_memory.NO_IMAGES), fitted(arrays)
    assert recipe.memory == pytest.approx(plain.memory + 2 * 2e9)
    assert recipe.reasons == plain.reasons
    assert arrays.in_memory("scratch") == 3 * 0.5e9


@pytest.mark.parametrize(("all", "fits"), [(7.9e9, True), (8.1e9, False)])
def test_beside_accelerators_they_take_the_hosts_memory(all, fits):
    recipe = recommend(SIGNS)
    gpu = Expected(6e9, 8e9, "on each accelerator")
    images = ImageMemory(all=all)
    found = image_memory.decide(recipe, "pretrain", gpu, images, 6e9, 7e9)
    assert found == gpu
    assert recipe.options("pretrain")["cache_dataset"] == fits


def test_beside_a_network_that_is_not_counted_they_keep_to_the_budget():
    unknown = Expected(math.nan, math.inf, "")
    for limit, fits in ((30e9, True), (4e9, False)):
        recipe = recommend(SIGNS)
        parts = (unknown, PHOTOS, math.nan, limit)
        assert image_memory.decide(recipe, "pretrain", *parts) == unknown
        assert recipe.options("pretrain")["cache_dataset"] == fits


def test_the_images_of_a_job(tmp_path):
    array = np.zeros((5, 4, 4, 3), np.uint8)
    file = np.memmap(tmp_path / "images", np.uint8, "w+", shape=array.shape)
    for storage, arrays in (
        (Encoded(np.array([b""] * 5, object)), False),
        (Mapped(file), False),
        (InMemory(array), True),
    ):
        train = types.SimpleNamespace(storage=storage, num_examples=5)
        data = types.SimpleNamespace(train=train, labelled=np.arange(2))
        images = image_memory.of_images(data, 48.0)
        assert images == ImageMemory(5 * 48, 2 * 48, arrays)


def test_memory_that_is_not_checked_decides_nothing_about_images():
    """They were decoded in each epoch, however small."""
    given = {"check_memory": False, "train_batch_size": 500_000}
    small = ImageMemory(all=1e6, labelled=1e5)
    assert kept(fitted(small, 0.5, given)) == list(STAGES)
