"""How far an accuracy can be trusted."""

import math
from collections.abc import Sequence

import numpy as np

_Z = 1.959964  # of 95 %


def wilson(accuracy: float, examples: int) -> tuple[float, float]:
    """The 95 % interval of a share, after Wilson 1927.

    Args:
      accuracy: Share of right answers, in [0, 1].
      examples: Of how many, 1 or more.
    """
    middle = accuracy + _Z**2 / (2 * examples)
    spread = accuracy * (1 - accuracy) / examples
    width = _Z * math.sqrt(spread + (_Z / (2 * examples)) ** 2)
    scale = 1 + _Z**2 / examples
    low, high = (middle - width) / scale, (middle + width) / scale
    return max(0.0, low), min(1.0, high)


def student(shares: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of shares in [0, 1], Student's t.

    Args:
      shares: Two or more, drawn independently.
    """
    from scipy import stats

    error = np.std(shares, ddof=1) / math.sqrt(len(shares))
    width = float(stats.t.ppf(0.975, len(shares) - 1) * error)
    mean = float(np.mean(shares))
    return max(0.0, mean - width), min(1.0, mean + width)
