"""The class of the nearest known examples, by cosine, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.probing.feature_rows import BLOCK
from simclrv2_tf.probing.feature_rows import Rows
from simclrv2_tf.probing.feature_rows import blocks

QUERIES = 2048  # at once, so that a file of known examples is read rarely


def neighbours(
    known: Rows,
    labels: np.ndarray,
    queries: Rows,
    k: int = 1,
    temperature: float = 0.1,
) -> np.ndarray:
    """The class for which the k nearest known examples vote.

    Wu et al. 2018: each votes with weight exp(cosine / temperature).

    Args:
      known: Features (n, features).
      labels: int (n,), 0 or more.
      queries: Features (m, features).
      k: Neighbours that vote; all of them if there are fewer.
      temperature: Above 0; small values let the nearest decide.

    Returns:
      int (m,).
    """
    return votes(known, labels, queries, [(k, temperature)])[0]


def votes(
    known: Rows,
    labels: np.ndarray,
    queries: Rows,
    settings: Sequence[tuple[int, float]],
) -> np.ndarray:
    """`neighbours` for several (k, temperature), found once.

    Returns:
      int (settings, m).
    """
    if not settings:
        return np.zeros((0, len(queries)), np.int64)
    most = min(max(k for k, _ in settings), len(known))
    elected = np.zeros((len(settings), len(queries)), np.int64)
    for part, block in blocks(queries, QUERIES * queries.shape[1]):
        cosine, index = nearest(block, known, most)
        for row, (k, temperature) in enumerate(settings):
            behind = np.float64(cosine[:, :k] - cosine[:, :1])
            weight = np.exp(behind / temperature)  # 1 of the nearest
            near = labels[index[:, :k]]
            totals = votes_by_class(near, weight, near.max() + 1)
            elected[row, part] = totals.argmax(axis=1)
    return elected


def votes_by_class(
    near: np.ndarray, weight: np.ndarray, classes: int
) -> np.ndarray:
    """The total weight of the votes for each class, float64 (m, classes).

    Args:
      near: int (m, k), labels of the neighbours in [0, classes).
      weight: float (m, k), of the vote of each.
      classes: Classes.
    """
    totals = np.zeros((len(near), classes))
    np.add.at(totals, (np.arange(len(near))[:, None], near), weight)
    return totals


def nearest(queries: np.ndarray, known: Rows, k: int) -> tuple:
    """The k nearest known examples of each query, the nearest first.

    Args:
      queries: Features (m, features), so many that their cosines to a block
        of known examples fit into memory.
      known: Features (n, features).
      k: Neighbours, at most n.

    Returns:
      Cosines float32 (m, k), and numbers of the known examples int64 (m, k).
    """
    queries = unit(queries)
    best = np.zeros((len(queries), 0), np.float32)
    index = np.zeros((len(queries), 0), np.int64)
    for part, rows in blocks(known, _most(queries, known)):
        value, place = _top(queries @ unit(rows).T, k)
        index = np.concatenate([index, part.start + place], axis=1)
        best, place = _top(np.concatenate([best, value], axis=1), k)
        index = np.take_along_axis(index, place, axis=1)
    return best, index


def nearest_others(rows: Rows, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of the other examples, for each example.

    Args:
      rows: Features (n, features), two examples or more.
      k: Neighbours; all others if there are fewer.

    Returns:
      Cosines float32 (n, k), the nearest first, and their numbers int64
      (n, k).
    """
    cosines, numbers = [], []
    for part, queries in blocks(rows, QUERIES * rows.shape[1]):
        own = np.arange(part.start, part.stop)
        cosine, index = others_of(own, queries, rows, k)
        cosines.append(cosine)
        numbers.append(index)
    return np.concatenate(cosines), np.concatenate(numbers)


def others_of(
    own: np.ndarray, queries: np.ndarray, rows: Rows, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """`nearest_others` for some of the examples, so many that `nearest` can.

    Args:
      own: int (m,), their numbers.
      queries: Their features (m, features).
      rows: See there.
      k: See there.
    """
    k = min(k, len(rows) - 1)
    cosine, index = nearest(queries, rows, k + 1)
    # Among many copies an example may not be in its own list.
    cosine = np.where(index == own[:, None], -np.inf, cosine)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return (
        np.take_along_axis(cosine, order, axis=1),
        np.take_along_axis(index, order, axis=1),
    )


def distance(cosine: np.ndarray) -> np.ndarray:
    """Between points of length 1, in [0, 2], from their cosine."""
    return np.sqrt(np.maximum(0.0, 2.0 - 2.0 * cosine))


def _most(queries, known):
    """Block size for known examples that also bounds the cosine matrix."""
    return min(BLOCK, BLOCK // max(len(queries), 1) * known.shape[1])


def _top(values, k):
    top = tf.math.top_k(values, min(k, values.shape[1]))
    return top.values.numpy(), top.indices.numpy()


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(length, 1e-12)


def knn_accuracy(
    bank: tuple[np.ndarray, np.ndarray],
    queries: tuple[np.ndarray, np.ndarray],
    k: int = 200,
    temperature: float = 0.1,
) -> float:
    """Accuracy of nearest neighbours on the labelled queries.

    Args:
      bank: (features float (n, d), labels int (n,)) of the known examples,
        -1 for unlabelled.
      queries: The same of the examples to be classified.
      k: See `neighbours`.
      temperature: See there.

    Returns:
      Share of right votes in [0, 1].
    """
    known, classes = _labelled(*bank)
    features, truth = _labelled(*queries)
    predicted = neighbours(known, classes, features, k, temperature)
    return float(np.mean(predicted == truth))


def _labelled(features, labels):
    keep = labels >= 0
    if not keep.any():
        raise ValueError("Nearest neighbours need labels, and there are none.")
    return features[keep], labels[keep]
