"""Images beside each other: any, or queries and what is most like them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclrv2_tf.reports import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def nearest(
    features: np.ndarray, queries: Sequence[int], count: int
) -> np.ndarray:
    """The nearest other examples of some, by cosine.

    Args:
      features: float (examples, features).
      queries: Numbers of the examples to find neighbours of.
      count: Neighbours of each, at most as many as there are others.

    Returns:
      int (queries, count), the nearest first.
    """
    from simclrv2_tf.probing.nearest import others_of

    features = np.asarray(features, np.float32)
    own = np.asarray(queries, int)
    _, numbers = others_of(own, features[own], features, count)
    return numbers


def neighbours(
    rows: Sequence[Sequence[np.ndarray]],
    captions: Sequence[Sequence[str]] | None = None,
    dark: bool = False,
) -> Figure:
    """Rows of images: a query, and its nearest neighbours beside it.

    Args:
      rows: Of each query, the image and those of its neighbours, float
        (height, width, 3 or 1) in [0, 1].
      captions: A text for each image, such as its class; None for none. The
        neighbours whose text is another than the query's stand out.
      dark: Whether it is for a dark page.
    """
    figure, grid = _grid(len(rows), max(map(len, rows)), captions, dark)
    for number, row in enumerate(rows):
        for place, image in enumerate(row):
            caption = captions[number][place] if captions else ""
            other = caption != captions[number][0] if captions else False
            _draw(grid[number, place], image, caption, dark, other)
    return figure


def gallery(
    images: Sequence[np.ndarray],
    captions: Sequence[str] | None = None,
    columns: int = 8,
    dark: bool = False,
) -> Figure:
    """Images beside each other, in their order.

    Args:
      images: float (height, width, 3 or 1) in [0, 1], of any sizes.
      captions: A text for each image; None for none.
      columns: Images in a row.
      dark: Whether it is for a dark page.

    Raises:
      ValueError: If there are not as many captions as images.
    """
    texts = [""] * len(images) if captions is None else captions
    if len(texts) != len(images):
        raise ValueError(
            f"`captions` must be {len(images)}, one for each image. Received: "
            f"{len(texts)}"
        )
    columns = max(1, min(columns, len(images)))
    rows = max(1, math.ceil(len(images) / columns))
    figure, grid = _grid(rows, columns, captions, dark)
    places = grid.ravel()[: len(images)]
    for axes, image, words in zip(places, images, texts, strict=True):
        _draw(axes, image, words, dark)
    return figure


def _grid(rows, columns, captions, dark):
    """A figure, and its empty places (rows, columns)."""
    height = 0.8 * rows * (1.25 if captions else 1.0)
    figure = canvas.new_figure(0.8 * columns + 0.2, height, dark)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    return figure, grid


def _draw(axes, image, caption, dark, stands_out=False):
    scheme = canvas.scheme_of(dark)
    image = np.clip(image, 0, 1)
    axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=1)
    axes.set_title(
        canvas.plain(caption),
        fontsize=canvas.FONT - 2,
        color=scheme.second if stands_out else scheme.ink,
        pad=2,
    )
