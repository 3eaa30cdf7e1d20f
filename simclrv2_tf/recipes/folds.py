"""Parts of the labels, each left out of a run in turn: what they must allow."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.config import Config


def check(config: Config, labels: np.ndarray) -> None:
    """Raises a ValueError if a class has fewer labels than there are parts.

    Args:
      config: A `Config` with `best_folds`.
      labels: int (examples,), those that are trained on.
    """
    fewest = int(np.bincount(labels).min())
    if fewest < config.best_folds:
        raise ValueError(
            "`best_folds` must be at most the labels of each class, one of "
            f"which is left out: give 2 to {fewest}, or more labels. Received: "
            f"best_folds={config.best_folds}"
            if fewest > 1
            else "`best_folds` needs two labels of each class or more. "
            f"Received: best_folds={config.best_folds}, and a class with "
            f"{fewest}"
        )


def least_known(labels: int, parts: int) -> int:
    """Labels that are left to learn from where the largest part is out."""
    return labels - -(-labels // parts)


def check_parts(config: Config, labels: int, replicas: int) -> None:
    """Raises a ValueError if a run on a part has no image for each replica.

    Args:
      config: A `Config` with `best_folds`.
      labels: How many are trained on.
      replicas: Devices that share a batch.
    """
    known = least_known(labels, config.best_folds)
    if known < replicas:
        raise ValueError(
            "`best_folds` must leave as many labels to learn from as there are "
            f"replicas. Received: best_folds={config.best_folds}, which leaves "
            f"{known} of {labels} labels for {replicas} replicas; give "
            "--strategy=one_device, or more labels."
        )
