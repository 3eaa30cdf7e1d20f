"""What an image file's ending and first bytes say of its format."""

from __future__ import annotations

import re

# What images that can be read usually end in.
EXTENSIONS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
)
# A camera's raw files begin as TIFF does, and hold a thumbnail first.
RAW = (".arw", ".cr2", ".dng", ".nef", ".nrw", ".orf", ".pef", ".rw2", ".sr2")
FIRST_BYTES = 64  # that tell a format

_READABLE = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "WebP": rb"RIFF.{4}WEBP",
    # Two letters are any text's: a reserved zero and a header's size follow.
    "BMP": rb"BM.{4}.{8}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
}
_UNREADABLE = {
    "HEIC": rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)",
    "AVIF": rb".{4}ftypavi[fs]",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "JPEG 2000": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    "PPM": rb"P[1-6]\s+(#|\d+\s+\d)|P7\nWIDTH",
    "Photoshop": rb"8BPS\0",
    "OpenEXR": rb"\x76\x2f\x31\x01",
}
_FORMATS = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {**_UNREADABLE, **_READABLE}.items()
}


def image_format(first: bytes) -> str | None:
    """The format of an image, as its first `FIRST_BYTES` bytes tell it.

    Returns:
      Its name; None for what is no image, or of no known format.
    """
    return next((n for n, p in _FORMATS.items() if p.match(first)), None)


def readable(name: str | None) -> bool:
    """Whether images of a format can be decoded."""
    return name in _READABLE


def unreadable_words(first: bytes) -> str:
    """Why an image cannot be read, where its format is the reason; else ""."""
    name = image_format(first)
    if name is None or readable(name):
        return ""
    return f"the format {name} cannot be read, convert it to JPEG or PNG"
