"""What weights expect of pixels: images less a mean, over a deviation."""

from __future__ import annotations

from collections.abc import Sequence

import keras


def per_channel(
    name: str, values: str | Sequence[float] | None, channels: int
) -> list[float] | None:
    """One number for each channel.

    Args:
      name: Of the argument, for the error.
      values: None, numbers, or text with commas between them.
      channels: How many.

    Returns:
      A list of floats; None for None.

    Raises:
      ValueError: If there are more or fewer, or a deviation is not above 0.
    """
    if values is None:
        return None
    try:
        parts = values.split(",") if isinstance(values, str) else values
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError):
        numbers = []
    least = 1e-6 if name == "input_std" else -1e6
    if len(numbers) != channels or not all(least <= n < 1e6 for n in numbers):
        kind = "positive numbers" if name == "input_std" else "numbers"
        raise ValueError(
            f"`{name}` must be {channels} {kind}, one for each channel of "
            f"the images, such as 0.5,0.5,0.5. Received: {name}={values!r}"
        )
    return numbers


def make_scaling(
    mean: Sequence[float] | None, std: Sequence[float] | None, channels: int
) -> keras.layers.Layer | None:
    """A layer from images in [0, 1] to (images - mean) / std.

    Args:
      mean: Floats (channels,); None for 0.
      std: Floats (channels,); None for 1.
      channels: Of the images.

    Returns:
      A Keras layer; None if there is nothing to do.
    """
    if mean is None and std is None:
        return None
    mean, std = mean or [0.0] * channels, std or [1.0] * channels
    scale = [1 / s for s in std]
    offset = [-m / s for m, s in zip(mean, std, strict=True)]
    # In float32 whatever the layers compute in: 8 bits have few digits.
    return keras.layers.Rescaling(
        scale, offset, dtype="float32", name="input_scaling"
    )


def note(
    mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[str, ...]:
    """What a network does to images first, in words.

    Returns:
      Tuple of sentences, () if it does nothing.
    """
    if mean is None and std is None:
        return ()
    done = []
    if mean is not None:
        done.append(f"less a mean of {_spoken(mean)}")
    if std is not None:
        done.append(f"over a deviation of {_spoken(std)}")
    return (f"images in [0, 1] are taken {', '.join(done)} in the network",)


def _spoken(numbers):
    return ", ".join(f"{number:g}" for number in numbers)
