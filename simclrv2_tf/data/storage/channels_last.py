"""Where the axis of channels stands in arrays of images."""

from __future__ import annotations


def check_channels_last(shape: tuple[int, ...], where: str) -> None:
    """Raises a ValueError for images that have their channels first.

    Args:
      shape: Of one image, or of an array of many, which has an axis more.
      where: What has this shape, for the message.
    """
    many = len(shape) == 4
    first, *rest = shape[-3:]
    if first in (1, 3, 4) and min(rest) > 4:
        axes = "examples, " if many else ""
        order = (0, 2, 3, 1) if many else (1, 2, 0)
        raise ValueError(
            f"{where} must have the channels last, ({axes}height, width, "
            f"channels). Received: the shape {tuple(shape)}; transpose it to "
            f"{order}"
        )
