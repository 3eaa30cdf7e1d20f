"""Whether two images show the same: their details, laid over each other.

A contrastive network finds all images of a class alike. Here small grey
pictures are compared by their fine structure, whatever their brightness and
contrast, and either may be a crop of the other: the best of some windows
counts.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.augment.resize import shrink
from simclrv2_tf.probing.feature_rows import taken

READ, SIDE = 128, 32  # pixels that images are read at, and compared at
SCALES = (1.0, 0.95, 0.9)  # sides of windows; crops by 5 % and by 10 %
COARSE = 3.0  # deviation in pixels of what is blurred away
_FLAT = 1e-3  # deviation of fine structure below which there is none
_PAIRS = 2048  # at once


def thumbnail(images: tf.Tensor) -> tf.Tensor:
    """Small grey pictures.

    Args:
      images: float (batch, `READ`, `READ`, channels) in [0, 1].

    Returns:
      float32 (batch, SIDE * SIDE).
    """
    grey = tf.reduce_mean(images, axis=-1, keepdims=True)
    return tf.reshape(shrink(grey, SIDE), [-1, SIDE * SIDE])


def aligned(thumbnails, pairs: np.ndarray) -> np.ndarray:
    """How alike pairs of images are.

    Args:
      thumbnails: float (images, SIDE * SIDE), see `thumbnail`.
      pairs: int (pairs, 2), numbers of images.

    Returns:
      float32 (pairs,), the best correlation in [-1, 1] of one image's fine
      structure with that of a window of the other; 1 for two images that have
      none.
    """
    correlations = [np.zeros(0, np.float32)]
    for start in range(0, len(pairs), _PAIRS):
        some = pairs[start : start + _PAIRS]
        numbers, place = np.unique(some, return_inverse=True)
        images = taken(thumbnails, numbers).reshape(-1, SIDE, SIDE)
        correlations.append(_best(images, place.reshape(some.shape)))
    return np.concatenate(correlations)


def _best(images, pairs):
    first, second = pairs.T
    whole = details(images)
    best = np.full(len(pairs), -1.0, np.float32)
    for down, across in windows():
        part = details(down @ images @ across.T)
        for a, b in ((first, second), (second, first)):
            alike = np.einsum("pf,pf->p", part[a], whole[b])
            best = np.maximum(best, alike)
    return np.minimum(best, 1.0)


def details(images: np.ndarray) -> np.ndarray:
    """Fine structure as vectors of length 1.

    Args:
      images: float (images, SIDE, SIDE).

    Returns:
      float32 (images, SIDE * SIDE + 1); the last is 1 where an image has no
      structure, and 0 elsewhere.
    """
    coarse = blurring() @ images @ blurring().T
    fine = (images - coarse).reshape(len(images), -1)
    fine = fine - fine.mean(axis=1, keepdims=True)
    flat = fine.std(axis=1) < _FLAT
    fine[flat] = 0
    rows = np.concatenate([fine, flat[:, None]], axis=1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@functools.cache
def blurring() -> np.ndarray:
    """A Gaussian blur of one side, float32 (SIDE, SIDE), rows of sum 1."""
    place = np.arange(SIDE)
    apart = (place[:, None] - place) / COARSE
    weight = np.exp(-0.5 * apart**2)
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


@functools.cache
def windows() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Windows of an image as two matrices: its rows, its columns.

    The whole image, and for each smaller scale nine places.
    """
    matrices = []
    for scale in SCALES:
        offsets = sorted({0.0, (1 - scale) / 2, 1 - scale})
        for top, left in itertools.product(offsets, offsets):
            matrices.append((_sampling(scale, top), _sampling(scale, left)))
    return tuple(matrices)


def _sampling(scale, offset):
    """Bilinear samples along one side of a window, float32 (SIDE, SIDE)."""
    place = (np.arange(SIDE) + 0.5) * scale + offset * SIDE - 0.5
    place = np.clip(place, 0, SIDE - 1)
    apart = np.abs(place[:, None] - np.arange(SIDE))
    return np.maximum(0, 1 - apart).astype(np.float32)
