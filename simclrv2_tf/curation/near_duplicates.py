"""Groups of images that are copies of each other, but for small changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simclrv2_tf.curation import alignment
from simclrv2_tf.curation.similarity_threshold import Null
from simclrv2_tf.curation.similarity_threshold import find_threshold

NEIGHBOURS = 10  # by the network, among which copies are looked for


class Copies(NamedTuple):
    """Near-duplicates.

    Attributes:
      group: int (images,), the group of each, -1 for none; groups are numbered
        by their first image.
      similarity: float32 (images,), the best of each to another image.
      nearest: int (images,), that image.
      cosine: float32 (images,), of the network's features to that image.
      threshold: Similarity from which images are of one group.
      null: How alike the others are, None where the threshold was given.
    """

    group: np.ndarray
    similarity: np.ndarray
    nearest: np.ndarray
    cosine: np.ndarray
    threshold: float
    null: Null | None


def find_copies(
    cosines: np.ndarray,
    neighbours: np.ndarray,
    thumbnails,
    threshold: float | None = None,
) -> Copies:
    """Groups images that show the same.

    The network proposes, by its nearest neighbours; the pixels decide, by
    `alignment.aligned`.

    Args:
      cosines: float (images, neighbours), see `nearest_others`.
      neighbours: int (images, neighbours).
      thumbnails: float (images, pixels), see `alignment.thumbnail`.
      threshold: Similarity from which images are copies; None to find it.
    """
    near = neighbours[:, :NEIGHBOURS]
    similarity = _similarities(near, thumbnails)
    best = similarity.argmax(axis=1)
    rows = np.arange(len(near))
    null = None
    if threshold is None:
        null = find_threshold(similarity[rows, best])
        threshold = null.threshold
    first, column = np.nonzero(similarity >= threshold)
    return Copies(
        _groups(len(near), first, near[first, column]),
        similarity[rows, best],
        near[rows, best],
        cosines[rows, best],
        threshold,
        null,
    )


def _similarities(near, thumbnails):
    """Of each image to its neighbours; each pair is compared once."""
    rows = np.repeat(np.arange(len(near)), near.shape[1])
    pairs = np.sort(np.stack([rows, near.ravel()], axis=1), axis=1)
    different, place = np.unique(pairs, axis=0, return_inverse=True)
    correlations = alignment.aligned(thumbnails, different)
    return correlations[place.reshape(-1)].reshape(near.shape)


def _groups(count, first, second):
    """Numbers of the connected groups of two or more, -1 for the others."""
    from scipy import sparse

    links = sparse.coo_matrix(
        (np.ones(len(first), bool), (first, second)), (count, count)
    )
    _, part = sparse.csgraph.connected_components(links, directed=False)
    several = np.bincount(part)[part] > 1
    group = np.full(count, -1)
    _, begin, number = np.unique(
        part[several], return_index=True, return_inverse=True
    )
    group[several] = np.argsort(np.argsort(begin))[number]
    return group


def to_leave_out(group: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """All images of each group but the one of the highest worth.

    Args:
      group: int (images,), -1 for none.
      worth: float (images,); of equals the first is kept.

    Returns:
      Sorted int numbers.
    """
    order = np.lexsort([np.arange(len(group)), -worth, group])
    order = order[group[order] >= 0]
    first = np.unique(group[order], return_index=True)[1]
    return np.sort(np.delete(order, first))
