"""Top-1 and top-5 accuracy over exactly all examples."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.models.network import Network


def classification_accuracy(
    network: Network,
    dataset: tf.data.Dataset,
    labels: np.ndarray,
    steps: int | None = None,
) -> dict:
    """Counts right answers over a data set.

    Args:
      network: A `Network` with a supervised head.
      dataset: `tf.data.Dataset` of (images float (batch, h, w, c) in [0, 1],
        numbers int (batch,)), this worker's share of the examples; the last
        batch may be smaller.
      labels: int (examples,), of all examples; unlabelled ones (-1) are not
        counted.
      steps: Batches to look at; None for all.

    Returns:
      Dictionary of `label_top_1_accuracy` and `label_top_5_accuracy` in
      [0, 1] and `examples`, the number that was counted.

    Raises:
      ValueError: If no example has a label.
    """

    def judge(images, numbers):
        logits = network(images, training=False)["logits_sup"]
        logits = tf.cast(logits, tf.float32)
        best = tf.math.top_k(logits, min(5, logits.shape[-1])).indices
        return best, numbers

    totals = np.zeros((1, 3), np.int64)
    for best, numbers in distribution.map_rows(
        judge, dataset.take(steps or -1)
    ):
        known = labels[numbers]
        hits = best == known[:, None]  # never for -1
        rows = np.stack([hits[:, 0], hits.any(axis=1), known >= 0], axis=1)
        totals += rows.sum(axis=0)
    totals = distribution.join_workers(totals).sum(axis=0)
    if not totals[2]:
        raise ValueError(
            "Evaluation needs labelled examples, and there are none: give an "
            "evaluation split that has labels."
        )
    return {
        "label_top_1_accuracy": totals[0] / totals[2],
        "label_top_5_accuracy": totals[1] / totals[2],
        "examples": int(totals[2]),
    }
