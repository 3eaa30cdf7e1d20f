"""Decoding: every format and mode, limits before decoding, damaged files."""

import io
import struct

import data_files
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from simclrv2_tf.data.decode import rgb

RNG = np.random.default_rng(0)
PIXELS = (RNG.random((20, 30, 3)) * 255).astype(np.uint8)
SMALL = rgb.Limits(max_pixels=600, max_bytes=10_000)


@pytest.fixture(scope="module")
def served():
    """Decodes compiled, as an exported model does."""
    return data_files.of_bytes(rgb.decode_in_graph)


def encoded(kind, mode="RGB", **options):
    return data_files.encoded(PIXELS, kind, mode, **options)


def by_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def quantized(colors):
    """PIXELS in so many colors, as a palette image."""
    return Image.fromarray(PIXELS).quantize(colors)


def bmp_of_bits(bits):
    """A palette BMP of 1, 4 or 8 bits a pixel; Pillow writes 1 and 8 alone."""
    image = quantized(2**bits)
    palette = np.zeros((2**bits, 4), np.uint8)
    colors = np.array(image.getpalette(), np.uint8).reshape(-1, 3)[: 2**bits]
    palette[: len(colors), :3] = colors[:, ::-1]
    numbers = np.asarray(image)
    digits = np.unpackbits(numbers[:, :, None], axis=2)[:, :, -bits:]
    rows = np.packbits(digits.reshape(len(numbers), -1), axis=1)
    padded = np.pad(rows, [(0, 0), (0, -rows.shape[1] % 4)])[::-1]
    start = 54 + palette.nbytes
    size = start + padded.nbytes
    header = struct.pack("<2sIII", b"BM", size, 0, start)
    header += struct.pack(
        "<IiiHHIIiiII", 40, 30, 20, 1, bits, 0, 0, 0, 0, len(palette), 0
    )
    data = header + palette.tobytes() + padded.tobytes()
    return data, np.asarray(image.convert("RGB"))


def tiff_16_bits(values, white_is_zero=False, signed=False):
    """A TIFF of 16 bits a channel, (height, width, channels) uint16."""
    height, width, channels = values.shape
    data = values.astype("<u2").tobytes()
    many = channels > 1
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, 8 if many else 16),
        (259, 3, 1, 1),  # uncompressed
        (262, 3, 1, 2 if many else int(not white_is_zero)),  # RGB or grey
        (273, 4, 1, 14),  # where pixels begin
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
        (339, 3, 1, 2 if signed else 1),
    ]
    bits = struct.pack("<3H", 16, 16, 16)
    start = 14 + len(data)
    head = b"II" + struct.pack("<HI", 42, start) + bits
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return head + data + struct.pack("<H", len(entries)) + table + bytes(4)


EXACT = {
    "png": encoded("PNG"),
    "png grey": encoded("PNG", "L"),
    "png grey, alpha": encoded("PNG", "LA"),
    "png rgba": encoded("PNG", "RGBA"),
    "png palette": encoded("PNG", "P"),
    "png bilevel": encoded("PNG", "1"),
    "bmp": encoded("BMP"),
    "bmp rgba": encoded("BMP", "RGBA"),
    "bmp grey": encoded("BMP", "L"),
    "bmp palette": encoded("BMP", "P"),
    "bmp bilevel": encoded("BMP", "1"),
    "gif": encoded("GIF", "P"),
    "webp": encoded("WEBP", lossless=True),
}


@pytest.mark.parametrize("kind", EXACT)
def test_lossless_formats_are_exact_in_the_graph(served, kind):
    data = EXACT[kind]
    np.testing.assert_array_equal(served(data), by_pillow(data))
    np.testing.assert_array_equal(rgb.decode_image(data), by_pillow(data))


@pytest.mark.parametrize(
    ("kind", "mode"),  # WebP has no CMYK
    [(k, m) for k in ("JPEG", "WEBP") for m in ("RGB", "L")]
    + [("JPEG", "CMYK")],
)
def test_lossy_formats_in_the_graph(served, kind, mode):
    data = encoded(kind, mode)
    difference = np.abs(served(data).numpy() - by_pillow(data).astype(int))
    assert difference.mean() <= 2.0


@pytest.mark.parametrize("lossless", [True, False])
def test_transparency_is_dropped_from_webp(served, lossless):
    alpha = Image.fromarray(PIXELS[:, :, 0])
    image = Image.fromarray(PIXELS)
    image.putalpha(alpha)
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=lossless, exact=True)
    ours = served(file.getvalue()).numpy().astype(int)
    difference = np.abs(ours - by_pillow(file.getvalue()))
    assert difference.mean() <= (0.0 if lossless else 2.0)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_palettes_of_bmp(served, bits):
    data, expected = bmp_of_bits(bits)
    np.testing.assert_array_equal(by_pillow(data), expected)
    np.testing.assert_array_equal(served(data), expected)


def test_bmp_from_top_to_bottom(served):
    data = bytearray(EXACT["bmp"])
    data[22:26] = struct.pack("<i", -20)
    np.testing.assert_array_equal(
        served(bytes(data)), by_pillow(EXACT["bmp"])[::-1]
    )


def test_deep_png_is_scaled(served):
    deep = np.arange(0, 65536, 41, dtype=np.uint16)[:1590].reshape(30, 53)
    data = data_files.encoded(deep)
    expected = np.rint(deep / 257.0)
    for read in (served, rgb.decode_image):
        pixels = read(data).numpy()
        np.testing.assert_array_equal(pixels[:, :, 0], expected)
        np.testing.assert_array_equal(pixels[:, :, 2], expected)


def test_rounding_of_every_deep_value():
    values = np.arange(65536, dtype=np.uint16)
    ours = rgb.scale_to_8_bits(tf.constant(values)).numpy()
    np.testing.assert_array_equal(ours, np.rint(values / 257.0))


def test_deep_tiff_is_scaled():
    deep = (RNG.random((6, 7, 1)) * 65535).astype(np.uint16)
    pixels = rgb.decode_image(tiff_16_bits(deep)).numpy()
    np.testing.assert_array_equal(pixels[:, :, :1], np.rint(deep / 257.0))
    deep = (RNG.random((6, 7, 3)) * 65535).astype(np.uint16)
    pixels = rgb.decode_image(tiff_16_bits(deep)).numpy().astype(float)
    assert np.abs(pixels - deep / 257.0).max() <= 1.0


def test_deep_tiff_whose_white_is_zero_is_no_negative():
    deep = (RNG.random((6, 7, 1)) * 65535).astype(np.uint16)
    data = tiff_16_bits(deep, white_is_zero=True)
    pixels = rgb.decode_image(data).numpy()
    expected = np.rint((65535 - deep.astype(float)) / 257.0)
    np.testing.assert_array_equal(pixels, np.repeat(expected, 3, axis=2))


def test_signed_tiff_is_called_by_its_name():
    data = tiff_16_bits(np.ones((4, 4, 1), np.uint16), signed=True)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="16 bits a channel. Received: 16 bits with a sign .TIFF",
    ):
        rgb.decode_image(data)


def test_signed_tiff_of_8_bits_is_refused():
    """It was read as unsigned: -1 was white."""
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, "TIFF", tiffinfo={339: 2})
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="16 bits a channel. Received: 8 bits with a sign .TIFF",
    ):
        rgb.decode_image(file.getvalue())


def test_the_first_page_of_a_tiff_of_several():
    pages = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    read = rgb.decode_image(file.getvalue())
    np.testing.assert_array_equal(read, PIXELS)


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", None])
def test_tiff_is_read_in_training_and_refused_in_the_graph(served, compression):
    data = encoded("TIFF", compression=compression)
    np.testing.assert_array_equal(rgb.decode_image(data), by_pillow(data))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected an ima"):
        served(data)


def test_float_tiff_is_refused():
    data = data_files.encoded(np.ones((4, 4), np.float32), "TIFF")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Received: 32 bits"
    ):
        rgb.decode_image(data)


def animation(kind, frames=3, **options):
    """An animation, and its first frame; later frames are turned."""
    first = quantized(64).convert("RGB")
    turned = [first.rotate(180 * i) for i in range(1, frames)]
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=turned, **options)
    return file.getvalue(), np.asarray(first)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_first_frame_of_an_animation(served, kind):
    data, first = animation(kind, lossless=True, loop=0, comment="a comment")
    np.testing.assert_array_equal(served(data), first)


def test_first_frame_of_a_gif_longer_than_a_window(served):
    pixels = (np.random.default_rng(1).random((250, 300)) * 255).astype("u1")
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, "GIF", save_all=True, append_images=[image.rotate(180)])
    assert len(file.getvalue()) > 100_000
    np.testing.assert_array_equal(
        served(file.getvalue())[:, :, 0], by_pillow(file.getvalue())[:, :, 0]
    )


def test_a_gif_of_many_frames_costs_the_first_alone(served):
    """10,000 frames of 1,000 by 1,000 pixels, 10 GB unpacked."""
    file = io.BytesIO()
    Image.new("P", (1000, 1000)).save(file, "GIF")
    data = file.getvalue()
    frame = data[data.index(b"\x2c") : -1]
    bomb = data[:-1] + frame * 10_000 + data[-1:]
    assert served(bomb).shape == (1000, 1000, 3)


def bmp_of_size(width, height):
    sides = struct.pack("<ii", width, height)
    return EXACT["bmp"][:18] + sides + EXACT["bmp"][26:80]


def png_of_size(width, height):
    """The header alone: a decoder would fail in other words."""
    return EXACT["png"][:16] + struct.pack(">II", width, height) + bytes(60)


def jpeg_of_size(width, height):
    data = bytearray(encoded("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def gif_of_size(width, height):
    data = bytearray(EXACT["gif"])
    at = data.index(b"\x2c", 13 + 3 * 256) + 5
    data[at : at + 4] = struct.pack("<HH", width, height)
    return bytes(data)


def webp_of_size(width, height):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )
    return b"RIFF\x99\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size + bytes(60)


@pytest.mark.parametrize(
    "make",
    [bmp_of_size, png_of_size, jpeg_of_size, gif_of_size, webp_of_size],
)
def test_size_is_checked_before_decoding(served, make):
    message = "(?s)1 to 100000000 pixels.*20000.*20000"
    for read in (served, rgb.decode_image):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            read(make(20_000, 20_000))
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 to 600 pixels"):
        rgb.decode_in_graph(make(25, 25), SMALL)


def test_a_tiff_beyond_the_limit_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 to 599 pixels"):
        rgb.decode_image(encoded("TIFF"), rgb.Limits(max_pixels=599))


def test_limits_are_inclusive():
    assert rgb.decode_in_graph(EXACT["png"], SMALL).shape == (20, 30, 3)
    limits = rgb.Limits(max_bytes=len(EXACT["png"]))
    assert rgb.decode_in_graph(EXACT["png"], limits).shape == (20, 30, 3)
    below = len(EXACT["png"]) - 1
    limits = rgb.Limits(max_bytes=below)
    reason = f"Expected an encoded image of 1 to {below} bytes"
    with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
        rgb.decode_in_graph(EXACT["png"], limits)


NO_FORMAT = "Expected an image as JPEG, PNG, GIF, WebP"
NO_PIXELS = "Expected an image of 1 to 100000000 pixels"
NO_FRAME = "Expected a GIF with an image behind at most 64 extensions"
CUT = {
    "png": "Invalid PNG data",
    "bmp": "Expected a whole BMP",
    "gif": "Invalid GIF data",
    "webp": "Failed to decode WebP image",
    "jpeg": "Invalid JPEG data",
}
# What is no whole image, and the reason why it is refused.
DAMAGED = {
    "empty": (b"", "Expected an encoded image of 1 to 134217728 bytes"),
    "one byte": (b"B", NO_FORMAT),
    "text": (b"no image at all", NO_FORMAT),
    "html": (b"<!DOCTYPE html><html></html>", NO_FORMAT),
    **{
        f"{name}, cut": (data[: len(data) * 6 // 10], CUT[name.split()[0]])
        for name, data in {**EXACT, "jpeg": encoded("JPEG")}.items()
    },
    "bmp alone": (b"BM", NO_FORMAT),
    "gif alone": (b"GIF89a", NO_FRAME),
    "jpeg alone": (b"\xff\xd8\xff", "Invalid JPEG data"),
    "riff alone": (b"RIFF\0\0\0\0WEBP", NO_PIXELS),
    "png alone": (b"\x89PNG\r\n\x1a\n", NO_PIXELS),
    "png without rows": (png_of_size(0, 5), NO_PIXELS),
    "gif without image": (EXACT["gif"][:13], NO_FRAME),
    "gif of extensions": (
        b"GIF89a" + bytes(7) + b"\x21\xfe\x00" * 1000,
        NO_FRAME,
    ),
}


@pytest.mark.parametrize(("data", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_whole_image_is_refused(served, data, reason):
    for read in (served, rgb.decode_image):
        with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
            read(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP"])
def test_a_single_pixel(served, kind):
    file = io.BytesIO()
    Image.new("RGB", (1, 1), (255, 255, 255)).save(file, kind)
    np.testing.assert_array_equal(served(file.getvalue()), [[[255] * 3]])


@pytest.mark.slow
def test_the_same_inside_a_data_set():
    data = list(EXACT.values())
    dataset = tf.data.Dataset.from_tensor_slices(data)
    mapped = dataset.map(rgb.decode_image, tf.data.AUTOTUNE)
    for ours, one in zip(mapped.as_numpy_iterator(), data, strict=True):
        np.testing.assert_array_equal(ours, by_pillow(one))
