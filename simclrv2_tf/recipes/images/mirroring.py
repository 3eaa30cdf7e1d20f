"""Can an image be told from its mirror image? Then views are not mirrored.

Lin et al. 2020, "Visual chirality": what a classifier tells apart, mirroring
changes. Photographs of animals and things are as likely as their mirror images
and digits are not (benchmarks/recipes.md). No label is needed.
"""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.spread import spread
from simclrv2_tf.probing.linear_probe import classify
from simclrv2_tf.probing.nearest import unit
from simclrv2_tf.recipes import baselines

SIDE = 16  # to which images are brought
MOST = 400  # images that are looked at
# Pixels that are decoded for it, at most: of photographs of 12 megapixels fewer
# images are looked at, as 400 of them take a minute.
MOST_PIXELS = 1_000_000_000
ENOUGH = 120  # images that are looked at however large they are
LEAST = 40  # with fewer nothing is told
FOLDS = 4
CHANCE = 0.5


def told_from_mirror(source: Source, pixels: int = 1) -> float:
    """Share of held-out images that are told from their mirror images.

    Args:
      source: A `Source`.
      pixels: Of one of its images.

    Returns:
      About 0.5 where a mirror changes nothing, 1 where it changes every
      image; 0.5 for fewer images than tell anything.
    """
    count = max(ENOUGH, min(MOST, MOST_PIXELS // max(pixels, 1)))
    some = source.subset(spread(source.num_examples, count))
    images, _ = baselines.images_of(some, SIDE)
    return tell(images.mean(axis=-1))


def tell(images: np.ndarray) -> float:
    """`told_from_mirror` of grey images, float (examples, side, side).

    A linear classifier, cross-validated: an image and its mirror image are
    held out together.
    """
    if len(images) < LEAST:
        return CHANCE
    pairs = np.concatenate([images, images[:, :, ::-1]])
    flat = pairs.reshape(len(pairs), -1)
    flat = unit(flat - flat.mean(axis=1, keepdims=True))
    mirrored = np.repeat([0, 1], len(images))
    groups = np.tile(np.arange(len(images)), 2)
    return float(np.mean(list(_shares(flat, mirrored, groups))))


def _shares(features, labels, groups):
    from sklearn.model_selection import GroupKFold

    folds = GroupKFold(FOLDS).split(features, labels, groups)
    for rest, out in folds:
        predicted = classify(features[rest], labels[rest], features[out])
        yield (predicted == labels[out]).mean()
