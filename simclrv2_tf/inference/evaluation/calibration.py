"""A temperature from one part of the evaluation split, judged on the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from simclrv2_tf.data import holdout
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference.evaluation import temperature_fit
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.network import Network

SHARE = 0.5  # of each class, to fit the temperature on
MOST = 10_000  # of all, whose logits are held in memory together


@dataclasses.dataclass(frozen=True)
class Calibration:
    """A temperature, and what it was fitted on.

    Attributes:
      temperature: What logits are divided by.
      fitted: int64, sorted numbers of the examples it was fitted on.
    """

    temperature: float
    fitted: np.ndarray

    def judges(self, numbers: np.ndarray) -> np.ndarray:
        """Whether examples may judge it: those it was not fitted on."""
        return ~np.isin(numbers, self.fitted)


def part_to_fit(labels: np.ndarray) -> np.ndarray:
    """Numbers of the examples to fit on, always the same for the labels.

    Args:
      labels: int (examples,), -1 for unlabelled.
    """
    known = max(int((labels >= 0).sum()), 1)
    return holdout.held_out(labels, min(SHARE, MOST / known))


def check(source: Source) -> None:
    """Raises a ValueError unless labels can fit a temperature and judge it."""
    known = int((source.labels >= 0).sum())
    fitted = len(part_to_fit(source.labels))
    if not 0 < fitted < known:
        raise ValueError(
            "`calibrate` fits a temperature to half of each class's labels in "
            "the evaluation split and judges it on the others. Received: "
            f"{source.name} with {known} labels: give an evaluation split of "
            "two labels of a class at least, or leave --calibrate out."
        )


def calibrate(
    network: Network,
    batches: Callable[[np.ndarray], tf.data.Dataset],
    labels: np.ndarray,
) -> Calibration:
    """Fits a temperature on a part of the examples.

    Args:
      network: A `Network` with a supervised head.
      batches: Function from numbers of examples to this worker's share of
        their batches, see `features_of`.
      labels: int (examples,), of all examples.

    Returns:
      `Calibration`, the same on every worker.
    """
    fitted = part_to_fit(labels)
    logits, numbers = features_of(network, batches(fitted), "logits_sup")
    temperature = temperature_fit.fit(logits, labels[numbers])
    return Calibration(temperature, fitted)
