"""What the nearest neighbours of features tell of them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

SIMILARITIES = 2**26  # of queries and neighbours, 256 MiB at once


def knn_accuracy(
    bank: tuple[np.ndarray, np.ndarray],
    queries: tuple[np.ndarray, np.ndarray],
    k: int = 200,
    temperature: float = 0.1,
    chunk: int | None = None,
) -> float:
    """Accuracy of the cosine-weighted vote of the nearest neighbours.

    Wu et al. 2018: each of the k neighbours votes for its class with weight
    exp(cosine / temperature).

    Args:
      bank: (features float (n, d), labels int (n,)) of the known examples.
      queries: The same of the examples to be classified.
      k: Neighbours that vote; at most as many as there are.
      temperature: Above 0; small values let the nearest decide.
      chunk: Queries compared at once, bounds the memory; None for as many as
        make `SIMILARITIES`.

    Returns:
      Share of right votes in [0, 1].
    """
    known, classes = _labelled(*bank)
    asked, truth = _labelled(*queries)
    k = min(k, len(known))
    chunk = chunk or max(1, SIMILARITIES // len(known))
    num_classes = int(max(classes.max(), truth.max())) + 1
    right = 0
    for start in range(0, len(asked), chunk):
        cosine = asked[start : start + chunk] @ known.T
        value, index = tf.math.top_k(cosine, k)
        weight = np.exp(value.numpy() / temperature - 1 / temperature)
        votes = np.zeros((len(cosine), num_classes))
        rows = np.arange(len(cosine))[:, None]
        np.add.at(votes, (rows, classes[index.numpy()]), weight)
        right += (votes.argmax(-1) == truth[start : start + chunk]).sum()
    return right / len(asked)


def _labelled(embedded, labels):
    keep = labels >= 0
    if not keep.any():
        raise ValueError("Nearest neighbours need labels, and there are none.")
    embedded = embedded[keep]
    length = np.linalg.norm(embedded, axis=1, keepdims=True)
    return embedded / np.maximum(length, 1e-12), labels[keep]
