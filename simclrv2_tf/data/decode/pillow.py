"""What TensorFlow has no decoder for: TIFF, and the rarer kinds of BMP."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decode.limits import Limits
from simclrv2_tf.data.decode.orientation_tag import tag_of_image

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("TIFF", "BMP")
# Tags of TIFF, and what they say.
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2
_WHITE = 65535


def decode(
    encoded: tf.Tensor,
    header: tf.Tensor,
    limits: Limits,
    apply_orientation: bool = False,
) -> tf.Tensor:
    """Decodes with Pillow, in Python.

    Args:
      encoded: string scalar.
      header: Unused.
      limits: A `Limits`.
      apply_orientation: Whether TIFF is turned as its tag says.

    Returns:
      uint8 (height, width, 3).
    """
    del header

    def read(encoded, size):
        # NumPy drops zeros at the end of strings.
        data = np.asarray(encoded, object).item().ljust(int(size), b"\0")
        return _read(data, limits.max_pixels, apply_orientation)

    arguments = [encoded, tf.strings.length(encoded)]
    try:
        return tf.numpy_function(read, arguments, tf.uint8, stateful=False)
    except ValueError as error:  # outside graphs, which word it by themselves
        raise tf.errors.InvalidArgumentError(None, None, str(error)) from None


def _read(encoded, max_pixels, apply_orientation):
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            _check_size(image, max_pixels)
            tag = tag_of_image(image)
            pixels = to_rgb(image)
            return pixels if apply_orientation else _as_stored(pixels, tag)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        reason = str(error).partition(" <")[0]  # without the object's address
        raise ValueError(
            "Expected an image as JPEG, PNG, GIF, WebP, BMP or TIFF. "
            f"Received: {encoded[:8]!r}..., {len(encoded)} bytes ({reason})"
        ) from None


def _check_size(image, max_pixels):
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(
            f"Expected an image of 1 to {max_pixels} pixels. Received: height "
            f"{height}, width {width}"
        )


def _as_stored(pixels, tag):
    """Takes back that Pillow turns TIFF as its tag says."""
    if tag in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if tag in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels.swapaxes(0, 1) if tag >= 5 else pixels


def to_rgb(image: Image.Image) -> np.ndarray:
    """Pixels of an image of Pillow's, uint8 (height, width, 3).

    Pillow by itself clips 16 bits in place of scaling, and leaves those whose
    white is zero as negatives.

    Raises:
      ValueError: If it has 32 bits a channel, or numbers with a sign.
    """
    if image.mode in ("I", "F") or _is_signed(image):
        raise ValueError(
            "Expected an image of 8 or 16 bits a channel. Received: "
            f"{_depth(image)} ({image.format})"
        )
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.float32)
        if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO:
            deep = _WHITE - deep
        grey = np.rint(deep / 257.0).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(image.convert("RGB"))


def _depth(image):
    """The depth of a channel that is not supported, in words."""
    bits = _tag(image, _BITS_PER_SAMPLE) or 32
    return f"{bits} bits with a sign" if _is_signed(image) else f"{bits} bits"


def _is_signed(image):
    return _tag(image, _SAMPLE_FORMAT) == _SIGNED


def _tag(image, number):
    """The value of a tag of TIFF, of the first channel; None without it."""
    value = getattr(image, "tag_v2", {}).get(number)
    return value[0] if isinstance(value, tuple) else value
