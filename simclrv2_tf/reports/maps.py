"""A map of the embedding: PCA or t-SNE, coloured by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simclrv2_tf.reports import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = 30  # classes up to which their names stand on the map
SHOWN = 40  # images that are drawn on the map
_FIRST = 50  # principal components that t-SNE starts from
_PERPLEXITY = 30


def project(features: np.ndarray, method: str = "pca") -> np.ndarray:
    """Features as points of a plane, the same ones for the same features.

    Args:
      features: float (examples, features), at least two.
      method: "pca" or "tsne"; of scikit-learn.

    Returns:
      float (examples, 2).

    Raises:
      ValueError: If the method is another, or there are too few examples.
    """
    from sklearn.decomposition import PCA

    if method not in ("pca", "tsne"):
        raise ValueError(
            f"`method` must be 'pca' or 'tsne'. Received: method={method!r}"
        )
    if len(features) < 3 or np.ndim(features) != 2:
        raise ValueError(
            "`features` must be an array (examples, features) of at least 3 "
            f"examples. Received: shape {np.shape(features)}"
        )
    features = np.asarray(features, np.float64)
    count = min(_FIRST if method == "tsne" else 2, *features.shape)
    points = PCA(count, svd_solver="full").fit_transform(features)
    points = np.pad(points, [(0, 0), (0, max(0, 2 - count))])
    return points if method == "pca" else _tsne(points)


def _tsne(points):
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # scikit-learn requires it

    perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
    start = points[:, :2] / max(points[:, 0].std(), 1e-12) * 1e-4
    maker = TSNE(
        2, perplexity=perplexity, init=start.astype("f"), random_state=0
    )
    with threadpool_limits(1):  # more wait for each other on a busy machine
        return maker.fit_transform(points)


def embedding_map(
    points: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    images: Sequence[np.ndarray] | None = None,
    dark: bool = False,
) -> Figure:
    """A map of examples, each a dot in the colour of its class.

    Args:
      points: float (examples, 2), see `project`.
      labels: int (examples,), -1 for unlabelled; None for no labels.
      class_names: One for each class; None for their numbers.
      images: List of images, float (height, width, 3) in [0, 1], or None for
        examples without one; some that lie apart are drawn in their places.
      dark: Whether it is for a dark page.
    """
    points = np.asarray(points)
    size = 5.4 if images is None else 7.2
    figure = canvas.new_figure(size, 0.8 * size, dark)
    axes = figure.subplots()
    canvas.style(axes, dark, grid=False)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    _dots(axes, points, labels, class_names, dark)
    if images is not None:
        _draw_images(axes, points, images)
    return figure


def _dots(axes, points, labels, class_names, dark):
    scheme = canvas.scheme_of(dark)
    labels = np.full(len(points), -1) if labels is None else np.asarray(labels)
    bare = points[labels < 0]
    present = np.unique(labels[labels >= 0])
    other = scheme.grey if len(present) else scheme.accent
    axes.scatter(*bare.T, s=6, color=other, linewidths=0, alpha=0.8)
    for colour, label in zip(
        canvas.colours(len(present)), present, strict=True
    ):
        mine = points[labels == label]
        axes.scatter(*mine.T, s=7, color=[colour], linewidths=0, alpha=0.8)
    if len(present) <= NAMED:
        names = canvas.names_of(class_names, max(present, default=-1) + 1)
        for label in present:
            place = np.median(points[labels == label], axis=0)
            _write(axes, place, names[label], dark)


def _write(axes, place, name, dark):
    """A class's name in the middle of its dots, readable on all colours."""
    from matplotlib import patheffects

    scheme = canvas.scheme_of(dark)
    halo = patheffects.withStroke(linewidth=2.5, foreground=scheme.paper)
    axes.text(
        *place,
        canvas.plain(name),
        ha="center",
        va="center",
        fontsize=canvas.FONT,
        color=scheme.ink,
        path_effects=[halo],
        zorder=5,
    )


def _draw_images(axes, points, images):
    from matplotlib.offsetbox import AnnotationBbox
    from matplotlib.offsetbox import OffsetImage

    for index in spread_out(points, SHOWN):
        image = images[index]
        if image is None:
            continue
        picture = OffsetImage(
            image, zoom=32 / max(image.shape[:2]), cmap="gray"
        )
        axes.add_artist(
            AnnotationBbox(
                picture, points[index], frameon=False, pad=0, zorder=4
            )
        )


def spread_out(points: np.ndarray, count: int) -> list[int]:
    """Numbers of points that lie apart: each the farthest of those before."""
    points = np.asarray(points, np.float64)
    chosen = [int(np.argmin(np.sum((points - points.mean(0)) ** 2, 1)))]
    distance = np.full(len(points), np.inf)
    for _ in range(min(count, len(points)) - 1):
        new = np.sum((points - points[chosen[-1]]) ** 2, axis=1)
        distance = np.minimum(distance, new)
        chosen.append(int(distance.argmax()))
    return chosen
