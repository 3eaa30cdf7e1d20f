"""A machine slower than on paper gets a network that it has time for."""

import dataclasses

import pytest

from simclrv2_tf.recipes.budget import measured_speed
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import network_sizes
from tests.recipes.test_rules import SIGNS

HOURS = dataclasses.replace(SIGNS, seconds=7_200.0)


def step(recipe, facts, slower, **more):
    """A measured step, so many times as long as on paper."""
    paper = measured_speed.reckoned_seconds(recipe, facts)
    return StepTime(slower * paper + 0.01, 10.0, **more)


def after(slower, facts=HOURS, options=None, **more):
    recipe = recommend(facts)
    recipe.give(options or {})
    seconds = step(recipe, facts, slower, **more)
    return measured_speed.as_measured(facts, recipe, seconds)


def test_a_slow_machine_gets_a_smaller_network():
    slow = after(8.0)
    assert slow.machine.slowness == pytest.approx(8.0)
    first, second = map(network_sizes.choose, (HOURS, slow))
    assert second.width_multiplier < first.width_multiplier
    wanted = network_sizes.images_wanted(HOURS.examples)
    seconds = network_sizes.PRETRAINING * HOURS.seconds
    assert network_sizes.images_seen(second, slow, seconds) >= wanted
    assert "8.0 times as long here" in measured_speed.note(slow)


def test_its_steps_are_reckoned_with_the_slowness_then():
    slow = after(8.0)
    size = network_sizes.choose(slow)
    seconds = [network_sizes.step_seconds(size, f, 256) for f in (HOURS, slow)]
    assert seconds[1] == pytest.approx(8.0 * seconds[0], rel=1e-3)
    # Measured as reckoned, nothing changes again.
    recipe = recommend(slow)
    again = step(recipe, slow, 1.0)
    assert measured_speed.as_measured(slow, recipe, again) is slow


@pytest.mark.parametrize("slower", [0.1, 1.0, 1.4])
def test_a_machine_as_on_paper_or_faster_keeps_it(slower):
    assert after(slower) is HOURS


def test_nothing_changes_where_the_network_stays():
    network = {"image_size": 32, "resnet_depth": 18, "width_multiplier": 0.5}
    given = dataclasses.replace(HOURS, given=network)
    assert after(8.0, given, {"pretrain": network}) is given
    days = dataclasses.replace(HOURS, seconds=1e9)  # enough at any speed
    assert after(8.0, days) is days


def test_steps_that_wait_for_images_do_not_tell_of_the_network():
    recipe = recommend(HOURS)
    seconds = 8 * measured_speed.reckoned_seconds(recipe, HOURS)
    each = seconds / recipe.options("pretrain")["train_batch_size"]
    assert after(8.0, decoding=DecodingTime(image=each)) is HOURS
    assert after(8.0, crop=each / 2) is HOURS
    kept = DecodingTime(image=each, kept=("pretrain",))
    assert after(8.0, decoding=kept) is not HOURS


def test_passes_that_options_add_are_not_slowness():
    given = {"pretrain": {"gradient_cache_microbatch": 16, "remat": True}}
    assert after(1.8, options=given) is HOURS  # 5 passes for 3
    assert after(8.0, options=given) is not HOURS


def test_what_was_not_measured_changes_nothing():
    assert after(8.0, measured=False) is HOURS
