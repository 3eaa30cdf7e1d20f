"""Bits a channel as headers tell them."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclrv2_tf.data.decode.bit_depth import bits_a_channel
from tests.data.decode.test_rgb import encoded
from tests.data.decode.test_rgb import tiff_16_bits

DEEP = np.arange(24, dtype=np.uint16).reshape(4, 6, 1)


def saved(mode, name):
    file = io.BytesIO()
    Image.new(mode, (6, 4)).save(file, name)
    return file.getvalue()


@pytest.mark.parametrize(
    ("image", "bits"),
    [
        (tf.io.encode_png(DEEP).numpy(), 16),
        (tf.io.encode_png(np.repeat(DEEP, 3, 2)).numpy(), 16),
        (tiff_16_bits(DEEP), 16),
        (tiff_16_bits(np.repeat(DEEP, 3, 2)), 16),
        (saved("I;16B", "TIFF"), 16),
        (saved("RGB", "TIFF"), 8),
        (encoded("PNG"), 8),
        (encoded("PNG", "P"), 8),
        (encoded("JPEG"), 8),
        (encoded("WEBP"), 8),
        (b"II*\0" + bytes(40), 8),
        (b"\x89PNG\r\n\x1a\n", 8),
        (b"no image", 8),
        (b"", 8),
    ],
)
def test_bits(image, bits):
    assert bits_a_channel(io.BytesIO(image)) == bits
