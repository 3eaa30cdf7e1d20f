"""A look at some images, and what of them cannot be used."""

import re

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images.job_data import open_data
from tests.recipes.images.test_job_data import EVEN
from tests.recipes.images.test_job_data import source

ALLOWED = 0.01
GOOD = source([0]).encoded_bytes(0)


def damaged(total, *numbers):
    """Images of which these cannot be read."""
    files = np.full(total, GOOD, object)
    files[list(numbers)] = b"no image"
    return Source("damaged", np.full(total, -1, np.int32), Encoded(files))


def seen_in(total, count):
    """The first numbers that are looked at."""
    return np.linspace(0, total - 1, image_sample.SAMPLE).astype(int)[:count]


def check(images, share=ALLOWED):
    image_sample.check(images, image_sample.look_at(images), share)


def notes(images, share=ALLOWED):
    return image_sample.notes(images, image_sample.look_at(images), share)


def test_images_that_show_nothing():
    flat = InMemory(np.zeros((80, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="all of 48 are of one colour"):
        check(Source("flat", np.full(80, -1, np.int32), flat))


def test_icons_that_are_drawn_in_transparency_alone():
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[2:6, 2:6, 3] = 255
    files = np.full(80, tf.io.encode_png(rgba).numpy(), object)
    icons = Source("icons", np.full(80, -1, np.int32), Encoded(files))
    message = "48 are of one colour. Transparency is not read: .*-flatten"
    with pytest.raises(ValueError, match=message):
        check(icons)


@pytest.mark.parametrize(("flat", "told"), [(2, False), (30, True)])
def test_some_images_of_one_colour_are_told(flat, told):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (48, 8, 8, 3)).astype(np.uint8)
    pixels[:flat] = 0
    source = Source("some", np.full(48, -1, np.int32), InMemory(pixels))
    notes = image_sample.notes(source, image_sample.look_at(source), 0.0)
    words = ["data: 30 of 48 images looked at are of one colour."]
    assert notes == (words if told else [])


def test_images_that_cannot_be_read():
    with pytest.raises(ValueError, match="none of 48 can be read"):
        check(damaged(80, *range(80)))


def test_the_size_of_images():
    sample = image_sample.look_at(source(EVEN))
    assert sample == image_sample.ImageSample(8, 1.0, 48, 48, 0)


def test_which_cannot_be_read():
    wrong = seen_in(200, 3)
    sample = image_sample.look_at(damaged(200, *wrong))
    assert sample.unreadable == tuple(wrong) and sample.read == 45


@pytest.mark.parametrize("share", [0.0, ALLOWED])
def test_more_than_may_be_are_refused_as_a_run_would(share):
    images = damaged(120, *seen_in(120, 10))
    run = UnreadableImages(images, share)
    with pytest.raises(ValueError, match="so far") as said:
        run.report(seen_in(120, 10))
    with pytest.raises(ValueError, match=f"^{re.escape(str(said.value))}$"):
        check(images, share)


def test_a_share_that_is_surely_too_large_is_refused():
    total = 20_000  # of which 200 may be
    check(damaged(total, *seen_in(total, 3)))
    message = (
        "6 of 48 images looked at cannot be read, such as example 0 of "
        "damaged, which are surely more than the 200 of 20,000 that "
        "--max_corrupt_fraction=0.01 allows"
    )
    with pytest.raises(ValueError, match=message):
        check(damaged(total, *seen_in(total, 6)))
    for share in (0.125, 1.0):
        check(damaged(total, *seen_in(total, 6)), share)


def test_as_many_as_may_be_are_told():
    (said,) = notes(damaged(400, 0))
    assert said == (
        "data: 1 of 48 images looked at cannot be read, such as example 0 of "
        "damaged: such images are left out, up to the 4 of 400 that "
        "--max_corrupt_fraction=0.01 allows"
    )
    assert notes(source(EVEN)) == []


def planned(images, evaluation=None, **options):
    config = Config(train_mode="semi_supervised", train_steps=4, **options)
    data = open_data(config, images, evaluation)
    return make_recipe.make_recipe(config, data)


def textured(*numbers, labels=(-1,) * 150):
    """Images that a plan can be made for, of which some cannot be read."""
    held = source(labels)
    files = np.array([held.encoded_bytes(i) for i in range(150)], object)
    files[list(numbers)] = b"no image"
    return Source("held", held.labels, Encoded(files), held.class_names)


def test_a_plan_is_refused_where_its_run_would_stop():
    images = textured(*range(120, 150))
    with pytest.raises(ValueError, match="max_corrupt_fraction=0.01 allows 1"):
        planned(images)


def test_a_plan_says_what_is_left_out():
    images = textured(*range(120, 150))
    allowed = {"stage_options": "pretrain.max_corrupt_fraction=0.3"}
    told = [n for n in planned(images, **allowed).notes if "looked at" in n]
    assert len(told) == 1 and "up to the 45 of 150" in told[0]


@pytest.mark.slow
def test_a_plan_is_refused_where_its_evaluation_would_stop():
    three = (0, 1, 2) * 50
    images, evaluation = textured(labels=three), textured(0, 3, labels=three)
    with pytest.raises(ValueError, match="so far: 2 of 150 images.*allows 1"):
        planned(images, evaluation, max_corrupt_fraction=0.001)
    allowed = {"stage_options": "distill.max_corrupt_fraction=0.3"}
    told = [
        n for n in planned(images, evaluation, **allowed).notes if "looked" in n
    ]
    assert len(told) == 1 and "up to the 45 of 150" in told[0]


def grey_of(values):
    """Images of three equal channels, (images, 8, 8, 3) uint8."""
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=-1)


NOISE = np.random.default_rng(0).integers(0, 240, (60, 8, 8))


def grey(pixels):
    images = Source("grey", np.full(60, -1, np.int32), InMemory(pixels))
    return image_sample.look_at(images).grey


def test_equal_channels_are_grey():
    tinted = grey_of(NOISE)
    assert grey(tinted) and grey(tinted[..., :1])
    assert grey((tinted / 255).astype(np.float32))
    tinted[..., 2] += 8  # as JPEG may leave them
    assert grey(tinted) and grey((tinted / 255).astype(np.float32))
    tinted[-1, 0, 0, 2] += 1
    assert not grey(tinted)
    assert not grey((tinted / 255).astype(np.float32))
    assert not image_sample.look_at(source(EVEN)).grey


def test_files_of_grey_photographs_are_grey():
    files = [tf.io.encode_jpeg(image, quality=60) for image in grey_of(NOISE)]
    held = np.array([file.numpy() for file in files], object)
    images = Source("grey", np.full(60, -1, np.int32), Encoded(held))
    assert images.num_channels == 3
    assert image_sample.look_at(images).grey


def twelve_bits(labels, most=4095):
    rng = np.random.default_rng(0)
    images = rng.integers(0, most, (len(labels), 8, 8, 1)).astype(np.uint16)
    files = [tf.io.encode_png(image).numpy() for image in images]
    held = Encoded(np.array(files, object))
    return Source("cells", np.array(labels, np.int32), held, tuple("abc"))


def test_a_plan_of_12_bits_in_files_of_16_is_refused():
    three = (0, 1, 2) * 50
    message = "files of cells must have 65,535 for white.*12 bits by 16"
    with pytest.raises(ValueError, match=message):
        planned(twelve_bits(three))
    with pytest.raises(ValueError, match=message):
        planned(textured(labels=three), twelve_bits(three))


@pytest.mark.slow
def test_16_bits_that_are_used_and_grey_have_a_plan():
    recipe = planned(twelve_bits([-1] * 150, most=65535))
    assert recipe.options("pretrain")["color_jitter_strength"] == 0.5
    coloured = planned(textured())
    assert coloured.options("pretrain")["color_jitter_strength"] == 0.25
