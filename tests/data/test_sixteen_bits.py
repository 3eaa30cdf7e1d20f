"""12 bits in files of 16 are told; what uses the upper bits is not."""

import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.sixteen_bits import too_dark
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import InMemory
from tests.data.decode.test_rgb import tiff_16_bits


def png(values):
    return tf.io.encode_png(values).numpy()


def files(encode, most, dtype=np.uint16, count=60, bright=None):
    """Noise up to a value; one image may be brighter."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, most, (count, 6, 5, 1)).astype(dtype)
    images[:, 0, 0] = most
    if bright is not None:
        images[-1, 0, 0] = bright
    held = np.array([encode(image) for image in images], object)
    return Source("cells", np.full(count, -1, np.int32), Encoded(held))


@pytest.mark.parametrize("encode", [png, tiff_16_bits])
@pytest.mark.parametrize(
    ("most", "words"),
    [
        (4095, "brighter than 16 of 255; multiply 12 bits by 16, or"),
        (1023, "brighter than 4 of 255; multiply 12 bits by 16, or"),
        (255, "brighter than 1 of 255; multiply 8 bits by 257, or"),
    ],
)
def test_few_bits_are_told(encode, most, words):
    said = too_dark(files(encode, most))
    assert said.startswith(
        "The 16-bit files of cells must have 65,535 for white. Received: 48 "
        "of 48 images looked at, such as example 0 of cells, where none is "
    )
    assert f"{words} give 8-bit files" in said


def test_of_colours_too():
    assert too_dark(files(lambda x: png(np.repeat(x, 3, 2)), 4095))
    assert too_dark(files(lambda x: tiff_16_bits(np.repeat(x, 3, 2)), 4095))


def test_an_alpha_channel_is_no_light():
    def transparent(values):
        alpha = np.full_like(values, 65535)
        return png(np.concatenate([values, values, values, alpha], axis=2))

    assert too_dark(files(transparent, 4095))


@pytest.mark.parametrize("encode", [png, tiff_16_bits])
def test_what_uses_the_upper_bits_is_well(encode):
    assert too_dark(files(encode, 65535)) == ""
    assert too_dark(files(encode, 16383)) == ""
    assert too_dark(files(encode, 2000, bright=30_000)) == ""


def test_8_bits_may_be_dark():
    assert too_dark(files(png, 12, np.uint8)) == ""
    pixels = np.ones((60, 6, 5, 3), np.uint8)
    unlabelled = np.full(60, -1, np.int32)
    assert too_dark(Source("held", unlabelled, InMemory(pixels))) == ""


def test_black_or_unreadable_files_say_nothing():
    assert too_dark(files(lambda x: png(np.zeros_like(x)), 9)) == ""
    assert too_dark(files(lambda x: png(x)[:40], 4095)) == ""
    assert too_dark(files(png, 4095, count=1))


def test_among_others_those_of_16_bits_are_looked_at():
    def mixed(values):
        bright = values[1, 0, 0] % 2
        return png(np.full_like(values, 200, np.uint8) if bright else values)

    said = too_dark(files(mixed, 4095))
    assert " of 48 images looked at" in said and "48 of 48" not in said
