"""The time of a job where none is given."""

import dataclasses

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import gathered_facts
from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules.machine import Machine
from tests.recipes.test_rules import SIGNS

WEIGHTS = {"resnet_depth": 50, "width_multiplier": 1, "image_size": 224}
BIG = {"resnet_depth": 50, "image_size": 224}
PHOTOS = dataclasses.replace(SIGNS, examples=500, side=3000, seconds=0.0)


def default(**changes):
    return default_time.with_default(dataclasses.replace(PHOTOS, **changes))


def test_few_images_have_ten_minutes():
    facts = default()
    assert facts.seconds == 600 and not facts.seconds_given


def test_many_images_have_epochs_of_the_narrow_network():
    facts = default(examples=40_000)
    narrow = network_sizes.Size(32, 18, 0.25)
    step = network_sizes.step_seconds(narrow, facts, 256)
    assert facts.seconds == pytest.approx(200 * 40_000 / 256 * step / 0.5)


def seen(facts):
    """Epochs of pretraining that there is time for, on paper."""
    size = network_sizes.choose(facts)
    seconds = network_sizes.PRETRAINING * facts.seconds
    devices = max(1, facts.machine.accelerators)
    images = network_sizes.images_seen(size, facts, devices * seconds)
    return images / facts.examples


@pytest.mark.parametrize("accelerators", [0, 1, 8])
@pytest.mark.parametrize("examples", [5_000, 20_900, 45_000])
def test_the_default_time_is_for_the_network_that_is_chosen(
    examples, accelerators
):
    machine = dataclasses.replace(SIGNS.machine, accelerators=accelerators)
    facts = default(examples=examples, machine=machine)
    assert seen(facts) > 0.98 * 200
    (why,) = {
        r.why for r in recommend(facts).of("pretrain") if "depth" in r.option
    }
    assert "200 times in the time" in why and "no --time_budget" in why
    # The same time, asked for, takes whatever sees enough images in it.
    asked = dataclasses.replace(facts, seconds_given=True, deserved=None)
    assert seen(asked) >= 30


@pytest.mark.parametrize("decided", ["initial", "given"])
def test_a_network_that_is_decided_has_its_own_time(decided):
    assert default(**{decided: WEIGHTS}).seconds > 2 * 600


def test_weights_that_are_given_have_the_time_of_distillation():
    facts = default(initial=WEIGHTS)
    pretrained = default(given=WEIGHTS)
    assert facts.seconds < pretrained.seconds
    step = network_sizes.distill_seconds(
        dataclasses.replace(facts, seconds=0.0), 256
    )
    assert facts.seconds == pytest.approx(100 * 500 / 256 * step / 0.8)


def measured(facts, step, decoding=0.0, given=None):
    recipe = recommend(facts)
    recipe.give(given or {})
    time = StepTime(step, 10.0, DecodingTime(decoding))
    costs = stage_costs.costs_of(recipe, time)
    return default_time.as_measured(facts, recipe, costs)


def test_slow_decoding_makes_it_longer():
    facts = default(examples=2000)
    assert measured(facts, 0.3) == facts
    longer = measured(facts, 0.3, decoding=0.05).seconds
    assert longer == pytest.approx(30 * 2000 * 0.05 / 0.5)
    assert measured(facts, 0.3, decoding=1.0).seconds == 24 * 3600


def test_a_slow_machine_has_the_least_epochs():
    facts = default(examples=2000)
    seconds = measured(facts, 3.0).seconds
    assert seconds == pytest.approx(30 * 2000 / 256 * 3 / 0.5)


def test_steps_that_are_given_have_their_time():
    facts = default(examples=2000)
    pretrain = {"pretrain": {"train_steps": 10_000}}
    seconds = measured(facts, 0.3, given=pretrain).seconds
    assert seconds == pytest.approx(10_000 * 0.3 / 0.5)
    few = {"pretrain": {"train_epochs": 2}}
    assert measured(facts, 0.3, given=few).seconds == 600
    tuned = {"finetune": {"train_steps": 10_000}}
    assert measured(facts, 0.3, given=tuned).seconds > facts.seconds
    assert measured(SIGNS, 0.3, given=pretrain) == SIGNS


def test_a_time_that_was_given_stays():
    assert measured(SIGNS, 30.0, decoding=1.0) == SIGNS


@pytest.mark.parametrize(
    ("options", "given", "longer"),
    [
        ({}, False, False),
        ({"width_multiplier": 1, **BIG}, False, True),
        ({"resnet_depth": 50, "time_budget": "00:10"}, True, False),
    ],
)
def test_a_job_has_the_time_of_its_network(options, given, longer, monkeypatch):
    machine = Machine(cores=2, accelerators=0, bfloat16=False, memory=8e9)
    monkeypatch.setattr(gathered_facts, "this_machine", lambda *_: machine)
    config = Config(mode="recommend", dataset="digits", **options)
    data = open_data(config)
    facts = gathered_facts.gather(
        config, data, image_sample.look_at(data.train)
    )
    assert facts.seconds_given == given
    assert facts.seconds > 600 if longer else facts.seconds == 600
