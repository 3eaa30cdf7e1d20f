"""EXIF's orientation of an image in a file, without decoding it."""

from __future__ import annotations

import struct
from typing import BinaryIO

from simclrv2_tf.data.decode.magic import FIRST_BYTES
from simclrv2_tf.data.decode.magic import image_format

UPRIGHT = 1  # the tag of an image that is stored as it is seen
ORIENTATION, SHORT = 0x112, 3  # number and kind of the tag
EXIF = b"Exif\0\0"
ENTRIES = 64  # of EXIF's first directory that are looked at
MOST_PARTS = 4096  # of a file that are looked at
PART = 10  # bytes of a part's header that tell what it is
START_OF_SCAN = 0xDA  # of JPEG: the image itself


def read_tag(file: BinaryIO) -> int:
    """The orientation of an image, 1 to 8; 1 if it has none.

    Args:
      file: The encoded image, of which no more than headers is read.
    """
    name = image_format(_bytes(file, 0, FIRST_BYTES))
    if name == "TIFF":
        return _of_tiff(file)
    find = _FINDERS.get(name or "")
    return UPRIGHT if find is None else find(file)


def _bytes(file, place, count):
    """Bytes from a place on, zeros behind the end."""
    file.seek(place)
    return file.read(count).ljust(count, b"\0")


def _of_tiff(file):
    """As Pillow has it, which decodes TIFF."""
    from PIL import Image

    file.seek(0)
    try:
        with Image.open(file, formats=("TIFF",)) as image:
            return tag_of_image(image)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):
        return UPRIGHT


def tag_of_image(image) -> int:
    """The orientation of an image that Pillow has opened and not yet loaded."""
    tag = image.getexif().get(ORIENTATION, UPRIGHT)
    return tag if tag in range(1, 9) else UPRIGHT


def _of_jpeg(file):
    def following(part, place):
        if part[0] != 0xFF or part[1] == START_OF_SCAN:
            return None
        fill = part[1] == 0xFF
        return place + (1 if fill else 2 + int.from_bytes(part[2:4], "big"))

    def is_exif(part):
        return part[:2] == b"\xff\xe1" and part[4:] == EXIF

    place = _find(file, 2, following, is_exif)
    return _of_exif(file, place + 10) if place else UPRIGHT


def _of_png(file):
    def following(part, place):
        return place + 12 + int.from_bytes(part[:4], "big")

    place = _find(file, 8, following, lambda part: part[4:8] == b"eXIf")
    return _of_exif(file, place + 8) if place else UPRIGHT


def _of_webp(file):
    def following(part, place):
        size = int.from_bytes(part[4:8], "little")
        return place + 8 + size + size % 2

    place = _find(file, 12, following, lambda part: part[:4] == b"EXIF")
    if not place:
        return UPRIGHT
    named = _bytes(file, place + 8, len(EXIF)) == EXIF  # as in JPEG
    return _of_exif(file, place + 8 + named * len(EXIF))


def _find(file, place, following, is_exif):
    """Place of the first part that is EXIF, None if there is none."""
    for _ in range(MOST_PARTS):
        part = _bytes(file, place, PART)
        if is_exif(part):
            return place
        place = following(part, place)
        if place is None or not any(part):  # behind the end
            return None
    return None


def _of_exif(file, start):
    """The tag in EXIF's first directory, which has the form of TIFF."""
    header = _bytes(file, start, 8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(header[:4])
    if order is None:
        return UPRIGHT
    directory = start + struct.unpack(f"{order}I", header[4:])[0]
    (count,) = struct.unpack(f"{order}H", _bytes(file, directory, 2))
    entries = _bytes(file, directory + 2, 12 * ENTRIES)
    for entry in struct.iter_unpack(f"{order}HHIHH", entries[: 12 * count]):
        if entry[:2] == (ORIENTATION, SHORT):
            return entry[3] if entry[3] in range(1, 9) else UPRIGHT
    return UPRIGHT


_FINDERS = {"JPEG": _of_jpeg, "PNG": _of_png, "WebP": _of_webp}
