"""Findings about a pool of images: duplicates, outliers, doubts, choice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.curation import near_duplicates
from simclrv2_tf.curation import next_labels
from simclrv2_tf.curation import outliers
from simclrv2_tf.curation.doubtful_labels import Doubts
from simclrv2_tf.curation.doubtful_labels import doubts
from simclrv2_tf.curation.near_duplicates import Copies
from simclrv2_tf.curation.next_labels import Chosen
from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.probing.feature_rows import part_of
from simclrv2_tf.probing.nearest import nearest_others


class Findings(NamedTuple):
    """What a curation finds in a pool of images.

    Attributes:
      pool: `Pool` of the images that could be read; numbers below are of it.
      chosen: What to label next, the first first; of the training split.
      copies: Near-duplicates.
      left_out: Numbers of the images to leave out, so that no group has two.
      outliers: float64 (images,), see `outlier_scores`.
      doubts: Doubtful labels; None where labels are too few.
      budget: How many to label were asked for, 0 for none.
    """

    pool: Pool
    chosen: list[Chosen]
    copies: Copies
    left_out: np.ndarray
    outliers: np.ndarray
    doubts: Doubts | None
    budget: int = 0

    def across_splits(self) -> np.ndarray:
        """Numbers of the groups of near-duplicates in several splits."""
        inside = np.flatnonzero(self.copies.group >= 0)
        _, split = np.unique(self.pool.splits[inside], return_inverse=True)
        pairs = np.stack([self.copies.group[inside], split])
        numbers, splits = np.unique(
            np.unique(pairs, axis=1)[0], return_counts=True
        )
        return numbers[splits > 1]


def find(config: Config, pool: Pool, features, thumbnails) -> Findings:
    """Computes the findings of every kind.

    Args:
      config: A `Config`.
      pool: `Pool` of images that could be read.
      features: float (images, features), `StoredRows` or an array.
      thumbnails: float (images, pixels), see `alignment.thumbnail`.
    """
    cosines, numbers = nearest_others(features, near_duplicates.NEIGHBOURS)
    copies = near_duplicates.find_copies(
        cosines, numbers, thumbnails, config.duplicate_similarity
    )
    return Findings(
        pool,
        _chosen(config, pool, features, copies.group),
        copies,
        near_duplicates.to_leave_out(copies.group, _worth(pool)),
        outliers.outlier_scores(features, config.seed),
        doubts(features, pool.source.labels, config.seed),
        config.label_budget or 0,
    )


def _worth(pool):
    """Images of evaluation are kept, then those with a label."""
    return 2 * ~pool.trains + (pool.source.labels >= 0)


def _chosen(config, pool, features, group):
    """Of the training split, though not if another split has a copy."""
    if not config.label_budget:
        return []
    training = np.flatnonzero(pool.trains)
    elsewhere = np.unique(group[~pool.trains])
    labels = pool.source.labels[training]
    kept = (labels >= 0) | (group[training] < 0)
    kept |= ~np.isin(group[training], elsewhere)
    training = training[kept]
    chosen = next_labels.next_labels(
        part_of(features, training),
        pool.source.labels[training],
        config.label_budget,
        group[training],
        config.seed,
    )
    return [one._replace(number=int(training[one.number])) for one in chosen]
