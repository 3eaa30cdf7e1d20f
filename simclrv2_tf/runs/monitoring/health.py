"""Numbers that tell early whether a run learns, collapses or diverges."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simclrv2_tf.probing.nearest import unit
from simclrv2_tf.runs.monitoring import learning

LEAST_RANK_SHARE = 0.05  # of the highest effective rank there can be
LEAST_DIMENSIONS = 8  # that there can be; few images span few anyway
MOST_INACTIVE_SHARE = 0.5  # of channels
UNIFORM_ENOUGH = -0.1  # 0 is all at one point
NORM_FACTOR = 30.0  # above the median of the last norms
_NORMS = 20  # that the median is of


def alignment(a: np.ndarray, b: np.ndarray) -> float:
    """Mean squared distance of two views on the unit sphere; 0 is one point.

    Wang & Isola 2020, equation 1 with alpha 2.

    Args:
      a: float (n, d), of any length above 0.
      b: The other views, row by row.
    """
    return float(np.mean(np.sum((_unit(a) - _unit(b)) ** 2, axis=1)))


def uniformity(x: np.ndarray) -> float:
    """Log of the mean Gaussian potential of pairs; 0 is one point, low is good.

    Wang & Isola 2020, equation 2 with t 2.

    Args:
      x: float (n, d), at least two rows.
    """
    x = _unit(x)
    squares = np.maximum(2.0 - 2.0 * (x @ x.T), 0.0)
    pairs = squares[np.triu_indices(len(x), 1)]
    return float(np.log(np.mean(np.exp(-2.0 * pairs))))


def effective_rank(x: np.ndarray) -> float:
    """Exponent of the entropy of the singular values, from 1 up.

    Roy & Vetterli 2007, of the features less their mean; 0 if all are equal.

    Args:
      x: float (n, d).
    """
    x = np.asarray(x, np.float64)
    values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    total = values.sum()
    if not total > 1e-12 * max(1.0, np.abs(x).max()):
        return 0.0
    shares = values / total
    shares = shares[shares > 0]
    return float(np.exp(-np.sum(shares * np.log(shares))))


def inactive_share(highest: Sequence[np.ndarray]) -> float:
    """Share of channels that are inactive, 0 on every image.

    Args:
      highest: List of float (channels,), the highest value of each channel
        behind a ReLU, one array for each layer.
    """
    return float(np.mean(np.concatenate(highest) <= 0))


def neighbour_accuracy(x: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose nearest other row, by cosine, has their label.

    0 where the rows are not finite.

    Args:
      x: float (n, d).
      labels: int (n,).
    """
    if not np.isfinite(x).all():
        return 0.0
    x = _unit(x)
    cosine = x @ x.T
    np.fill_diagonal(cosine, -2.0)
    return float(np.mean(labels[cosine.argmax(axis=1)] == labels))


def chance_loss(batch: int, remembered: int = 0) -> float:
    """The contrastive loss of guessing, of both directions.

    2 log(2N - 1 + K) with K keys in a memory; one that is full is meant.
    """
    return 2.0 * math.log(2 * batch - 1 + remembered)


def chance_found(batch: int) -> float:
    """How often guessing finds the other view of an image in a batch.

    1 / N: it is looked for among the other views alone, as in the original.
    """
    return 1 / batch


def _unit(x):
    return unit(np.asarray(x, np.float64))


class HealthWarning(NamedTuple):
    """What a person should know.

    Attributes:
      kind: A word that is the same whatever the numbers.
      sentence: What is wrong, in numbers, and what to try.
    """

    kind: str
    sentence: str


@dataclasses.dataclass
class HealthChecks:
    """Turns the numbers of reports into warnings.

    Args:
      settled: Steps after which features like the untrained network's, a low
        rank or inactive channels are no longer those of the beginning.
    """

    settled: int
    norms: list[float] = dataclasses.field(default_factory=list)

    def warnings(self, step: int, numbers: dict) -> list[HealthWarning]:
        """Warnings about a report's numbers.

        Args:
          step: Of the report.
          numbers: {name: number}, see `callbacks.health_monitor`.
        """
        checks = {
            "norm": self._norm,
            "skipped": self._skipped,
            "not_finite": self._finite,
        }
        if step >= self.settled:
            checks["learning"] = learning.trouble
            checks["collapse"] = self._collapse
            checks["rank"] = self._rank
            checks["inactive"] = self._inactive
        sentences = {kind: check(numbers) for kind, check in checks.items()}
        return [HealthWarning(k, s) for k, s in sentences.items() if s]

    def _collapse(self, numbers):
        value = numbers.get("uniformity")
        if value is not None and value > UNIFORM_ENOUGH:
            return (
                f"all projections lie at one point (uniformity {value:.2f}): "
                "the network has collapsed. Go back to an earlier checkpoint "
                "with a lower --learning_rate, or raise the batch size."
            )
        return None

    def _rank(self, numbers):
        rank, most = (numbers.get(n) for n in ("effective_rank", "most_rank"))
        if rank is None or most < LEAST_DIMENSIONS:
            return None
        if rank < max(2.0, LEAST_RANK_SHARE * most):
            return (
                f"the features span {rank:.1f} of {most} dimensions: they "
                "collapse. Try stronger augmentation "
                "(--color_jitter_strength), a larger batch, a lower "
                "--learning_rate."
            )
        return None

    def _inactive(self, numbers):
        share = numbers.get("dead_channels")
        if share is not None and share > MOST_INACTIVE_SHARE:
            return (
                f"{share:.0%} of the channels are inactive. Try a lower "
                "--learning_rate or a longer --warmup_epochs."
            )
        return None

    def _norm(self, numbers):
        norm = numbers.get("gradient_norm")
        if norm is None:
            return None
        usual = np.median(self.norms) if len(self.norms) >= 5 else math.inf
        if math.isfinite(norm):
            self.norms = [*self.norms, norm][-_NORMS:]
        if norm > NORM_FACTOR * usual:
            return (
                f"the gradient's norm is {norm:.3g}, {norm / usual:.0f} times "
                "the usual: training may diverge. Try a lower "
                "--learning_rate."
            )
        return None

    def _finite(self, numbers):
        if numbers.get("not_finite"):
            return (
                "the network answers some images with NaN or infinity. Go "
                "back to an earlier checkpoint with a lower --learning_rate "
                "or a longer --warmup_epochs."
            )
        return None

    def _skipped(self, numbers):
        new = numbers.get("skipped_since")
        if new:
            steps = "1 step" if new == 1 else f"{new} steps"
            were, their = ("was", "its") if new == 1 else ("were", "their")
            return (
                f"{steps} since the last report {were} not applied, as "
                f"{their} numbers were not finite. Try a lower "
                "--learning_rate, or --mixed_precision=float32 or bfloat16."
            )
        return None
