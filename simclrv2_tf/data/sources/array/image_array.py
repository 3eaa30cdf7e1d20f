"""An array of images, checked, as a storage."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.storage.channels_last import check_channels_last
from simclrv2_tf.data.storage.in_memory import to_pixels

TWELVE_BITS = 2**12 - 1  # the most that cameras of twelve bits tell


def image_storage(array: np.ndarray, where: str) -> InMemory | Mapped:
    """A storage of images.

    Args:
      array: (examples, height, width) or (examples, height, width, channels),
        uint8, uint16 or float in [0, 1], perhaps mapped from a file.
      where: The array in words, for messages.

    Raises:
      ValueError: If it holds something else.
    """
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or 0 in array.shape[1:]:
        raise ValueError(
            f"{where} must be (examples, height, width) or (examples, height, "
            f"width, channels). Received: the shape {array.shape}"
        )
    check_channels_last(array.shape, where)
    if array.dtype == np.uint16:
        _check_sixteen_bits(array, where)
        return InMemory((array / np.float32(2**16 - 1)).astype(np.float32))
    if array.dtype.kind not in "uif" or not len(array):
        raise ValueError(
            f"{where} must hold images as uint8, uint16 or floats in [0, 1]. "
            f"Received: {array.dtype} of the shape {array.shape}"
        )
    try:
        pixels = to_pixels(array)
    except ValueError as error:
        raise ValueError(f"{where} cannot be used. {error}") from None
    if isinstance(pixels, np.memmap):
        return Mapped(pixels)
    return InMemory(pixels)


def _check_sixteen_bits(array, where):
    """White is 65,535: values of 8 or 12 bits are all but black."""
    most = int(array.max()) if array.size else 0
    if not 0 < most <= TWELVE_BITS:
        return
    bits, factor = (8, 257) if most < 2**8 else (12, 16)
    raise ValueError(
        f"{where} must have 65,535 for white, as it is uint16. Received: no "
        f"value above {most:,}; multiply {bits} bits by {factor}, or give uint8"
    )
