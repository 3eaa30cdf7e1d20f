"""Bits a channel of an image in a file, without decoding it."""

from __future__ import annotations

from typing import BinaryIO

from simclrv2_tf.data.decode.magic import FIRST_BYTES
from simclrv2_tf.data.decode.magic import image_format

USUAL = 8
_BITS_PER_SAMPLE = 258  # the tag of TIFF
_PNG_DEPTH = 24  # the byte of PNG


def bits_a_channel(file: BinaryIO) -> int:
    """Bits of a channel of an image.

    Args:
      file: The encoded image, of which no more than headers is read.

    Returns:
      1 to 16 of PNG, 1 to 64 of TIFF, the most of its channels; 8 of other
      formats, which have no more, and where the header cannot be read.
    """
    first = file.read(FIRST_BYTES)
    name = image_format(first)
    if name == "PNG" and len(first) > _PNG_DEPTH:
        return first[_PNG_DEPTH]
    return _of_tiff(file) if name == "TIFF" else USUAL


def _of_tiff(file):
    """As Pillow has it, which decodes TIFF."""
    from PIL import Image

    file.seek(0)
    try:
        with Image.open(file, formats=("TIFF",)) as image:
            return max(image.tag_v2.get(_BITS_PER_SAMPLE, (USUAL,)))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):
        return USUAL
