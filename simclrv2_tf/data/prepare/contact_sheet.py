"""Many small images in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf

GAP = 4  # pixels between images
CAPTION = 14  # pixels for a line of text
PAPER = (255, 255, 255)
INK = (0, 0, 0)


class Images(Protocol):
    """A list of images, or what reads them one after the other."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> np.ndarray: ...


def write_sheet(
    path: str,
    images: Images,
    columns: int,
    captions: Sequence[str] | None = None,
    tile: int = 96,
) -> None:
    """Writes a PNG of images in rows.

    Args:
      path: Of the file.
      images: Of any number, float (height, width, channels) in [0, 1], of
        any size; of other channels than 3 the first is shown in grey.
      columns: Images in a row.
      captions: A text for each image, or None.
      tile: Side in pixels of the square that an image is fitted into.
    """
    from PIL import Image
    from PIL import ImageDraw

    rows = -(-len(images) // columns)
    below = CAPTION if captions else 0
    size = (columns * (tile + GAP) + GAP, rows * (tile + below + GAP) + GAP)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for index in range(len(images)):
        image = images[index]
        row, column = divmod(index, columns)
        left = GAP + column * (tile + GAP)
        top = GAP + row * (tile + below + GAP)
        fitted = _fitted(Image.fromarray(to_rgb(image)), tile)
        spare = [(tile - side) // 2 for side in fitted.size]
        sheet.paste(fitted, (left + spare[0], top + spare[1]))
        if captions:
            draw.text(
                (left, top + tile + 1), _short(captions[index], tile), INK
            )
    with tf.io.gfile.GFile(path, "wb") as file:
        sheet.save(file, "PNG")


def to_rgb(image: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 3) of an image of any number of channels."""
    pixels = np.rint(np.clip(image, 0.0, 1.0) * 255).astype(np.uint8)
    if pixels.shape[-1] == 3:
        return pixels
    return np.repeat(pixels[..., :1], 3, axis=-1)


def _fitted(image, tile):
    from PIL import Image

    scale = tile / max(image.size)
    size = [max(1, round(side * scale)) for side in image.size]
    small = max(image.size) < tile // 2  # show pixels as they are
    kinds = Image.Resampling
    return image.resize(size, kinds.NEAREST if small else kinds.LANCZOS)


def _short(text, tile):
    """As much of a text as fits below an image; it has about 6 pixels each."""
    letters = tile // 6
    printable = text.encode("ascii", "replace").decode()
    return (
        printable if len(text) <= letters else f"{printable[: letters - 2]}.."
    )
