"""The run that measures a step: short, and known to nobody."""

import dataclasses

import pytest
import small_backbone

from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget.decoding_time import DecodingTime
from simclrv2_tf.recipes.budget.step_time import StepTime


class Trained(Exception):
    """In place of training, with what was to be trained."""


def refuse(config, source, *_):
    raise Trained(config)


@pytest.mark.parametrize(
    ("reckoned", "steps"), [(0.0, 16), (1.0, 14), (3.9, 4), (60.0, 4)]
)
def test_steps_are_few_where_one_takes_long(reckoned, steps):
    assert step_time.steps_for(reckoned) == steps


def test_neither_trackers_nor_profiles_hear_of_it(monkeypatch):
    monkeypatch.setattr(step_time, "train", refuse)
    asked = {"logger": "mlflow", "profile_steps": "100,110"}
    with pytest.raises(Trained) as training:
        step_time.measure({"train_batch_size": 8, **asked}, None)
    (config,) = training.value.args
    assert (config.logger, config.profile_steps) == ("tensorboard", None)
    assert (config.train_steps, config.warmup_epochs) == (16, 0.0)


OPTIONS = {"train_batch_size": 256, "image_size": 8, "cache_dataset": True}


@pytest.fixture
def timed(monkeypatch):
    """Has the probe find half a second; the sources that it trained on."""
    sources, found = [], {"waiting": 0.0}

    def time(options, source, reckoned):
        sources.append(source)
        return StepTime(0.5, 10.0), found["waiting"]

    monkeypatch.setattr(step_time, "_timed", time)
    return sources, found


def test_images_that_decode_for_too_long_are_left_out(timed):
    sources, _ = timed
    decoding = DecodingTime(0.05)
    found = step_time.measure(OPTIONS, "photographs", 0.3, decoding)
    (noise,) = sources
    assert noise.num_examples == 256 and noise.image_shape == (8, 8, 3)
    started = 10 + (256 + 256) * 0.05  # what is looked at, and a batch
    assert found == StepTime(0.5, pytest.approx(started), decoding)


@pytest.mark.parametrize("image", [0.0, 0.01])
def test_other_images_are_in_the_probe(timed, image):
    sources, _ = timed
    decoding = DecodingTime(image)
    found = step_time.measure(OPTIONS, "photographs", 0.3, decoding)
    assert sources == ["photographs"]
    assert found == StepTime(0.5, 10.0, decoding)


def test_the_first_pass_over_images_that_are_kept_is_no_part_of_a_start(timed):
    """The plan counts it for each stage; a long one is not waited for."""
    sources, _ = timed
    pixels = step_time._noise(OPTIONS)
    short = DecodingTime(2 / 256, kept=("pretrain",))
    probe = step_time.measure(OPTIONS, pixels, 0.3, short)
    assert sources == [pixels]
    assert probe.start == pytest.approx(10 - 2)
    long = DecodingTime(1.0, kept=("pretrain",))
    step_time.measure(OPTIONS, pixels, 0.3, long)
    assert sources[1] is not pixels


def test_steps_that_wait_take_as_long_as_their_images(timed):
    _, found = timed
    found["waiting"] = 0.6
    crops = step_time.measure(OPTIONS, "photographs")
    assert crops == StepTime(0.5, 10.0, crop=0.5 / 512)
    decoding = DecodingTime(0.001)
    files = step_time.measure(OPTIONS, "photographs", 0.3, decoding)
    longer = dataclasses.replace(decoding, image=0.5 / 256)
    assert files == StepTime(0.5, 10.0, longer)


def test_a_long_step_is_measured_on_a_part_of_its_batch(timed):
    sources, found = timed
    decoding = DecodingTime(0.2)
    long = step_time.measure(OPTIONS, "photographs", 16.0, decoding)
    (noise,) = sources
    assert noise.num_examples == 32
    assert long.step == 8 * 0.5 and long.decoding == decoding
    found["waiting"] = 0.6
    crops = step_time.measure(OPTIONS, "photographs", 16.0)
    assert (crops.step, crops.crop) == (8 * 0.5, 0.5 / 64)


@pytest.mark.parametrize(
    "late", [pytest.param(False, marks=pytest.mark.slow), True]
)
def test_a_probe_of_few_steps(monkeypatch, late):
    monkeypatch.setattr(step_time, "SECONDS", 0.0 if late else 60.0)
    options = {
        "train_batch_size": 16,
        "image_size": 16,
        "mixed_precision": "float32",
        **small_backbone.options(),
    }
    found, waiting = step_time._timed(options, step_time._noise(options), 0.0)
    assert 0 < found.step < 10 and found.start > 0
    assert 0 <= waiting < 1
