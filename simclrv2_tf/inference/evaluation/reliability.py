"""Calibration: how far confidence agrees with accuracy.

Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2.
"""

from __future__ import annotations

import numpy as np

BINS = 15  # of equal width, the paper's number


def curve(
    confidence: np.ndarray, right: np.ndarray, bins: int = BINS
) -> dict[str, np.ndarray]:
    """The reliability curve: accuracy beside confidence.

    Args:
      confidence: float (examples,) in [0, 1], of the predicted class.
      right: bool (examples,).
      bins: Of equal width; bin m holds the confidences in ((m - 1) / bins,
        m / bins].

    Returns:
      Dictionary of arrays (bins,): `from` and `to`, the bin's bounds;
      `examples` in it; their mean `confidence` and their `accuracy`, NaN
      where there are none.
    """
    confidence = confidence.astype(
        np.float64
    )  # adds float32 exactly, in any order
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    examples, confident, correct = (
        np.bincount(place, weights, bins)
        for weights in (None, confidence, right)
    )
    count = np.where(examples > 0, examples, np.nan)
    edges = np.arange(bins + 1) / bins
    return {
        "from": edges[:-1],
        "to": edges[1:],
        "examples": examples,
        "confidence": confident / count,
        "accuracy": correct / count,
    }


def expected_calibration_error(curve: dict[str, np.ndarray]) -> float:
    """Mean over examples of |accuracy - confidence| of their bin (ECE).

    The paper's equation 3: 0 where of all that is said with 80 % certainty
    80 % is right.
    """
    gaps = np.abs(curve["accuracy"] - curve["confidence"])
    return float(np.nansum(curve["examples"] * gaps) / curve["examples"].sum())
