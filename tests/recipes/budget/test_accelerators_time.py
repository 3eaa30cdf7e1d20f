"""The time of a job on accelerators where none is given."""

import dataclasses

import pytest

from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.machine import Machine
from simclrv2_tf.recipes.rules.network_sizes import Size
from tests.recipes.test_rules import SIGNS

DAY = 24 * 3600
GPU = Machine(16, 1, True, 128e9)
PROCESSORS = dataclasses.replace(GPU, accelerators=0)


def default(machine=GPU, **changes):
    facts = dataclasses.replace(SIGNS, seconds=0.0, machine=machine, **changes)
    return default_time.with_default(facts)


def epochs_of(size, facts):
    """Seconds of a job with 200 epochs of a network, on paper."""
    step = network_sizes.step_seconds(size, facts, 256)
    return 200 * facts.examples / 256 * step / 0.5


@pytest.mark.parametrize(
    ("examples", "side", "size"),
    [
        (50_000, 500, Size(224, 50, 1)),  # web photographs
        (2_000, 500, Size(224, 50, 2)),
        (50_000, 32, Size(32, 18, 1)),
        (1_280_000, 32, Size(32, 18, 0.5)),
    ],
)
def test_accelerators_have_the_largest_network_that_a_day_allows(
    examples, side, size
):
    facts = default(examples=examples, side=side)
    assert facts.seconds == pytest.approx(epochs_of(size, facts))
    assert not facts.seconds_given
    assert network_sizes.choose(facts).image_size == size.image_size


def test_several_accelerators_take_less_time():
    eight = dataclasses.replace(GPU, accelerators=8)
    one, several = (
        default(machine, examples=50_000, side=32) for machine in (GPU, eight)
    )
    assert several.seconds == pytest.approx(one.seconds / 8)


def test_no_time_is_longer_than_a_day_or_shorter_than_ten_minutes():
    assert default(examples=300, side=32).seconds == 600
    many = default(examples=50_000_000, side=500)
    assert many.seconds == DAY
    big = {"resnet_depth": 152, "width_multiplier": 3, "image_size": 224}
    assert default(examples=1_280_000, side=500, given=big).seconds == DAY


def test_processors_have_the_time_of_the_narrow_network():
    facts = default(PROCESSORS, examples=50_000, side=500)
    narrow = epochs_of(Size(32, 18, 0.25), facts)
    assert facts.seconds == pytest.approx(min(narrow, DAY))


def test_weights_that_are_given_have_the_time_of_distillation():
    weights = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}
    facts = default(examples=40_000, side=500, initial=weights)
    before = dataclasses.replace(facts, seconds=0.0)
    step = network_sizes.distill_seconds(before, 256)
    assert facts.seconds == pytest.approx(100 * 40_000 / 256 * step / 0.8)
