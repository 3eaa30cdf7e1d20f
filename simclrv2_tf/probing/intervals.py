"""Confidence intervals of accuracies."""

import math
from collections.abc import Sequence

import numpy as np

_Z = 1.959964  # of 95 %
# By so many standard errors of the difference on the same examples something
# has to be better to take the place of something else.
SURE = 1.0


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


def difference(
    first: tuple[float, int], second: tuple[float, int]
) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares.

    Newcombe 1998, "Interval estimation for the difference between independent
    proportions", method 10. Of answers on the same images, which mostly agree,
    it is wider than need be: that takes no answer of a single image.

    Args:
      first: (share of right answers, of how many), see `wilson`.
      second: What is taken off.
    """
    (low, high), (other_low, other_high) = wilson(*first), wilson(*second)
    a, b = first[0], second[0]
    return (
        a - b - math.hypot(a - low, other_high - b),
        a - b + math.hypot(high - a, b - other_low),
    )


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


def surely_better(
    other: np.ndarray, best: np.ndarray, errors: float = SURE
) -> bool:
    """Whether one of two is better on the same examples by more than chance.

    One example is taken off the gain, as Edwards (1948) does for McNemar's
    test: of few, one that alone differs would be more than its own error. Of
    examples that count unequally it is the one that counts most.

    Args:
      other: float (examples,), share of right answers for each example, times
        what it counts.
      best: The same of the best so far.
      errors: Standard errors of the difference that it must be better by.
    """
    gain = other - best
    one = max(1.0, np.abs(gain).max(initial=0.0))
    error = gain.std() * np.sqrt(len(gain))
    return bool(gain.sum() - one > errors * error)
