"""Temperature scaling: one number that calibrates probabilities.

Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
"""

from __future__ import annotations

import logging

import numpy as np

BOUNDS = (0.05, 20.0)  # beyond which answers are all certain, or all alike
_LOG = logging.getLogger("simclrv2_tf")


def negative_log_likelihood(
    logits: np.ndarray, labels: np.ndarray, temperature: float
) -> float:
    """Mean of -log softmax(logits / temperature) at the labels."""
    from scipy.special import log_softmax

    log_shares = log_softmax(np.float64(logits) / temperature, axis=1)
    return float(-np.mean(log_shares[np.arange(len(labels)), labels]))


def fit(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature under which the labels are likeliest.

    Args:
      logits: float (examples, classes).
      labels: int (examples,) in [0, classes).

    Returns:
      Float within `BOUNDS`; above 1 where the network is too sure.

    Raises:
      ValueError: If logits are not finite.
    """
    from scipy.optimize import minimize_scalar

    if not np.isfinite(logits).all():
        raise ValueError(
            "A temperature is fitted to finite logits. Received: some that "
            "are not, as of a network that has diverged"
        )
    low, high = np.log(BOUNDS)
    optimum = minimize_scalar(
        lambda log: negative_log_likelihood(logits, labels, np.exp(log)),
        bounds=(low, high),
        method="bounded",
    )
    if min(optimum.x - low, high - optimum.x) < 0.01:
        _LOG.warning(
            "the temperature %.3g is at the bound of what is sought: the %d "
            "labels are too few, or all are answered rightly, or none",
            np.exp(optimum.x),
            len(labels),
        )
    return float(np.exp(optimum.x))
