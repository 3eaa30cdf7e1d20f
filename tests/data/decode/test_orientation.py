"""EXIF's orientation: found in each format, and applied as Pillow does."""

import io

import data_files
import numpy as np
import pytest
from data_files import of_bytes
from oriented_images import TAGS
from oriented_images import WRITERS
from oriented_images import encoded
from oriented_images import turned

from simclrv2_tf.data.decode import rgb
from simclrv2_tf.data.decode.orientation import find_tag
from simclrv2_tf.data.decode.orientation_tag import read_tag

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def tagged(kind, tag, order="<"):
    return encoded(PIXELS, kind, tag, order)


@pytest.fixture(scope="module")
def decoders():
    """Compiled, with the tag left alone and with it applied."""
    return [
        of_bytes(
            lambda data, apply=apply: rgb.decode_image(
                data, apply_orientation=apply
            )
        )
        for apply in (False, True)
    ]


@pytest.fixture(scope="module")
def in_graph():
    return of_bytes(
        lambda data: rgb.decode_in_graph(data, apply_orientation=True)
    )


@pytest.fixture(scope="module")
def tag_of():
    return of_bytes(find_tag)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("tag", TAGS)
def test_left_alone_or_applied_in_all_formats(decoders, in_graph, kind, tag):
    data = tagged(kind, tag)
    plain = decoders[0](tagged(kind, None)).numpy()
    assert plain.shape == PIXELS.shape
    np.testing.assert_array_equal(decoders[0](data), plain)
    wanted = turned(plain, tag)
    assert wanted.shape == ((20, 30, 3) if tag < 5 else (30, 20, 3))
    np.testing.assert_array_equal(decoders[1](data), wanted)
    if not kind.startswith("TIFF"):
        np.testing.assert_array_equal(in_graph(data), wanted)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("tag", [None, *TAGS])
@pytest.mark.parametrize("order", "<>")
def test_found_by_both_readers(tag_of, kind, tag, order):
    data = tagged(kind, tag, order)
    assert read_tag(io.BytesIO(data)) == (tag or 1)
    if not kind.startswith("TIFF"):
        assert tag_of(data).numpy() == (tag or 1)


@pytest.mark.parametrize("tag", [0, 9, 65_535])
def test_a_tag_that_is_none(tag_of, tag):
    data = tagged("JPEG", tag)
    assert read_tag(io.BytesIO(data)) == tag_of(data).numpy() == 1


def segment(marker, content):
    return (
        bytes([255, marker, *(len(content) + 2).to_bytes(2, "big")]) + content
    )


def test_behind_other_parts_of_a_file(tag_of, decoders):
    """XMP and fill bytes in JPEG, EXIF behind the pixels in PNG."""
    jpeg = tagged("JPEG", 6)
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bytes(70_000 // 2))
    exif = b"Exif\0\0"
    begin = jpeg.index(exif) - 4
    moved = jpeg[:begin] + xmp + xmp + b"\xff\xff" + jpeg[begin:]
    png = tagged("PNG", 8)
    begin = png.index(b"eXIf") - 4
    end = begin + 12 + int.from_bytes(png[begin : begin + 4], "big")
    late = png[:begin] + png[end:-12] + png[begin:end] + png[-12:]
    webp = tagged("WEBP", 5)
    begin = webp.index(b"EXIF")
    size = int.from_bytes(webp[begin + 4 : begin + 8], "little") + len(exif)
    parts = [webp[:begin], b"EXIF", size.to_bytes(4, "little"), exif]
    named = b"".join([*parts, webp[begin + 8 :]])
    for data, tag in ((moved, 6), (late, 8), (named, 5)):
        assert read_tag(io.BytesIO(data)) == tag_of(data).numpy() == tag
    shapes = [decoders[1](data).shape for data in (moved, late)]
    assert shapes == [(30, 20, 3)] * 2


def test_a_thumbnail_s_tag_is_not_the_image_s(tag_of):
    """EXIF behind the start of the scan belongs to something else."""
    whole, other = tagged("JPEG", None), tagged("JPEG", 6)
    begin = other.index(b"Exif\0\0") - 4
    size = int.from_bytes(other[begin + 2 : begin + 4], "big") + 2
    data = data_files.encoded(PIXELS, "JPEG") + other[begin : begin + size]
    assert read_tag(io.BytesIO(data)) == tag_of(data).numpy() == 1
    assert read_tag(io.BytesIO(whole)) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_headers_are_read_alike(tag_of, kind):
    """600 changed headers: no crash, and one answer from both readers."""
    rng, data = np.random.default_rng(1), tagged(kind, 6)
    for _ in range(200):
        changed = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(len(data))] = rng.integers(256)
        changed = bytes(changed[: rng.integers(1, len(data) + 1)])
        assert read_tag(io.BytesIO(changed)) == tag_of(changed).numpy()
