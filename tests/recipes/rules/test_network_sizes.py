"""Which network, for images of which size, there is time for."""

import dataclasses

import pytest

from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import network_sizes
from tests.recipes.test_rules import SERVER
from tests.recipes.test_rules import SIGNS


def test_more_time_or_devices_make_a_larger_network():
    few = network_sizes.choose(SIGNS)
    more = network_sizes.choose(dataclasses.replace(SIGNS, seconds=36_000.0))
    most = network_sizes.choose(
        dataclasses.replace(SIGNS, machine=SERVER, side=500, seconds=36_000.0)
    )
    assert few == network_sizes.Size(32, 18, 0.25)
    assert few.width_multiplier < more.width_multiplier
    assert most.image_size == 224 and most.resnet_depth == 50


def test_little_time_makes_the_narrow_network_half_as_wide():
    def chosen(seconds, **more):
        facts = dataclasses.replace(SIGNS, seconds=seconds, **more)
        return network_sizes.choose(facts)

    narrow, narrower = (network_sizes.Size(32, 18, w) for w in (0.25, 0.125))
    step = network_sizes.step_seconds(narrow, SIGNS, 256)
    enough = network_sizes.FEW_SEEN / 256 * step / network_sizes.PRETRAINING
    assert chosen(1.01 * enough) == narrow
    assert chosen(0.99 * enough) == narrower
    # It is for the smallest network alone, and not where a width is given.
    wide = {"given": {"width_multiplier": 0.25}, "side": 500}
    assert chosen(1.01 * enough, **wide) == narrow
    assert chosen(0.99 * enough, **wide) == narrow


def test_images_are_never_made_larger_than_they_are():
    for side, expected in ((8, 16), (28, 28), (32, 32), (60, 32)):
        facts = dataclasses.replace(SIGNS, side=side, machine=SERVER)
        assert network_sizes.choose(facts).image_size == expected


def test_a_student_of_large_weights_is_what_the_time_allows():
    weights = {"image_size": 224, "resnet_depth": 152, "width_multiplier": 3}
    slow = dataclasses.replace(SIGNS, side=512, initial=weights)
    assert network_sizes.choose_student(slow).options() == {
        "image_size": 224,
        "resnet_depth": 18,
        "width_multiplier": 0.125,
    }
    fast = dataclasses.replace(slow, machine=SERVER, seconds=48 * 3600.0)
    student = network_sizes.choose_student(fast)
    assert student == network_sizes.Size(224, 50, 1)


def test_the_network_is_chosen_for_a_size_that_is_given():
    hours = dataclasses.replace(SIGNS, side=512, seconds=48 * 3600.0)
    small = dataclasses.replace(hours, given={"image_size": 32})
    assert network_sizes.choose(hours).image_size > 32
    assert network_sizes.choose(small).image_size == 32
    assert not recommend(small).options("pretrain")["use_blur"]
    narrow = dataclasses.replace(hours, given={"width_multiplier": 0.25})
    assert network_sizes.choose(narrow).width_multiplier == 0.25


def test_more_images_make_no_smaller_network_where_many_are_seen():
    """Of ten million images something is learnt, however many there are."""

    def chosen(examples):
        facts = dataclasses.replace(SIGNS, examples=examples, side=500)
        hours = dataclasses.replace(facts, seconds=12 * 3600.0, machine=SERVER)
        return network_sizes.choose(hours)

    many = network_sizes.MANY_SEEN
    assert network_sizes.images_wanted(300_000) == 9_000_000
    assert network_sizes.images_wanted(400_000) == many
    assert network_sizes.images_wanted(40_000_000) == many
    assert chosen(400_000) == chosen(40_000_000)


@pytest.mark.parametrize("examples", [64, 96, 199])
def test_too_few_images_for_a_large_network_have_the_narrow_one(examples):
    """They are not seen more than 800 times, whatever the time."""
    facts = dataclasses.replace(SIGNS, examples=examples, side=500)
    days = dataclasses.replace(facts, machine=SERVER, seconds=72 * 3600.0)
    assert network_sizes.choose(days) == network_sizes.Size(32, 18, 0.25)
    more = dataclasses.replace(days, examples=200)
    assert network_sizes.choose(more).resnet_depth == 50
