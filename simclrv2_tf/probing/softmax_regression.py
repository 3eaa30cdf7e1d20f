"""Logistic regression of more examples than memory holds.

The optimum that scikit-learn finds, by the same method: L-BFGS on the whole
data, whose loss and gradient are summed over blocks, on the device that there
is.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf.machine.full_float32 import full_float32
from simclrv2_tf.probing.feature_rows import Rows
from simclrv2_tf.probing.feature_rows import blocks

TOLERANCE = 1e-4  # of the largest part of the gradient, scikit-learn's


def fit(
    rows: Rows,
    labels: np.ndarray,
    num_classes: int,
    strength: float,
    moments: tuple = (0.0, 1.0),
    iterations: int = 300,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimises the mean loss with an L2 penalty on the kernel.

    Args:
      rows: Features (examples, features).
      labels: int (examples,), each of [0, num_classes) at least once.
      num_classes: Classes, 2 or more.
      strength: Inverse weight of the penalty beside the sum of losses.
      moments: Mean that is taken off features first, and deviation that they
        are divided by, each (features,) or one for all.
      iterations: At most.

    Returns:
      Kernel float64 (features, classes), of features so standardised, and bias
      (classes,).
    """
    from scipy import optimize

    width = rows.shape[1]
    weight = 1 / (strength * len(rows))
    # scikit-learn has one row of weights for two classes: half of it in each
    # of two rows has half of its penalty.
    weight *= 2 if num_classes == 2 else 1

    def value_and_slope(flat):
        weights = flat.reshape(width + 1, num_classes)
        loss, slope = _sums(rows, labels, weights, moments)
        slope = slope / len(rows)
        slope[:-1] += weight * weights[:-1]
        penalty = 0.5 * weight * np.square(weights[:-1]).sum()
        return loss / len(rows) + penalty, slope.ravel()

    with full_float32():  # the search ends on what is left of the slope
        optimum = optimize.minimize(
            value_and_slope,
            np.zeros((width + 1) * num_classes),
            method="L-BFGS-B",
            jac=True,
            options={"maxiter": iterations, "gtol": TOLERANCE, "ftol": 1e-12},
        )
    weights = optimum.x.reshape(width + 1, num_classes)
    return weights[:-1], weights[-1]


def _sums(rows, labels, weights, moments):
    """Loss and its slope, summed over all examples in float64."""
    kernel = tf.constant(weights[:-1], tf.float32)
    bias = tf.constant(weights[-1], tf.float32)
    mean, deviation = (np.float32(values) for values in moments)
    loss, slope = 0.0, np.zeros(weights.shape)
    for part, block in blocks(rows):
        block = (block - mean) / deviation
        sums = _of_block(kernel, bias, block, labels[part])
        total, of_kernel, of_bias = (x.numpy() for x in sums)
        loss += float(total)
        slope[:-1] += of_kernel
        slope[-1] += of_bias
    return loss, slope


@tf.function(reduce_retracing=True, autograph=False)
def _of_block(kernel, bias, block, labels):
    logits = block @ kernel + bias
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    wrong = tf.nn.softmax(logits) - tf.one_hot(labels, tf.shape(logits)[1])
    loss = tf.reduce_sum(tf.cast(losses, tf.float64))
    return loss, tf.matmul(block, wrong, True), tf.reduce_sum(wrong, 0)
