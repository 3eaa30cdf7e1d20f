"""Formats by their first bytes: of files that Pillow writes, and of text."""

import numpy as np
import pytest
from data_files import encoded

from simclrv2_tf.data.decode import magic

PIXELS = np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("pillow", "name"),
    [
        ("JPEG", "JPEG"),
        ("PNG", "PNG"),
        ("GIF", "GIF"),
        ("WEBP", "WebP"),
        ("BMP", "BMP"),
        ("TIFF", "TIFF"),
        ("PPM", "PPM"),
        ("JPEG2000", "JPEG 2000"),
    ],
)
def test_formats(pillow, name):
    data = encoded(PIXELS, pillow)
    assert magic.image_format(data[: magic.FIRST_BYTES]) == name
    words = magic.unreadable_words(data)
    assert magic.readable(name) == (words == "")


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(100), "AVIF"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), None),  # a film
        (b"BMW and other makers of cars, in a text", None),
        (b"P5 is a file of that name", None),
        (b"P5\n# made by hand\n4 4\n255\n", "PPM"),
        (b"", None),
    ],
)
def test_what_pillow_does_not_write(first, name):
    assert magic.image_format(first) == name
