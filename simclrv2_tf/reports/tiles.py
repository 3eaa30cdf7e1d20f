"""Rows of images: queries, and what the network thinks is like them."""

from __future__ import annotations

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
    features = np.asarray(features, np.float64)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.maximum(length, 1e-12)
    queries = np.asarray(queries, int)
    cosine = unit[queries] @ unit.T
    cosine[np.arange(len(queries)), queries] = -np.inf
    count = min(count, len(features) - 1)
    return np.argsort(-cosine, axis=1, kind="stable")[:, :count]


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
    scheme = canvas.scheme_of(dark)
    columns = max(len(row) for row in rows)
    height = 0.8 * len(rows) * (1.25 if captions else 1.0)
    figure = canvas.new_figure(0.8 * columns + 0.2, height, dark)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for number, row in enumerate(rows):
        for place, image in enumerate(row):
            axes = grid[number, place]
            image = np.clip(image, 0, 1)
            axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=1)
            if captions:
                said = captions[number][place]
                other = place and said != captions[number][0]
                axes.set_title(
                    canvas.plain(said),
                    fontsize=canvas.FONT - 2,
                    color=scheme.second if other else scheme.ink,
                    pad=2,
                )
    return figure
