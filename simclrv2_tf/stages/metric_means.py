"""Metrics of a step: means over examples and replicas, of those labelled."""

import keras
import tensorflow as tf

from simclrv2_tf import distribution


def note(
    means: dict[str, keras.metrics.Mean],
    values: dict[str, tf.Tensor | tuple[tf.Tensor, tf.Tensor]],
) -> dict[str, tf.Tensor]:
    """Adds the values of all replicas to running means, see `Stage.record`."""
    pairs = [v if isinstance(v, tuple) else (v, 1.0) for v in values.values()]
    parts, weights = tf.unstack(tf.cast(pairs, tf.float32), 2, 1)
    finite = tf.math.is_finite(parts)
    parts, weights = (tf.where(finite, v, 0.0) for v in (parts, weights))
    sums = tf.stack([parts * weights, weights])
    sums, weights = tf.unstack(distribution.sum_over_replicas(sums), 2)
    parts = tf.math.divide_no_nan(sums, weights)
    noted = (tf.unstack(v, len(pairs)) for v in (parts, weights))
    for name, part, weight in zip(values, *noted, strict=True):
        means[name].update_state(part, sample_weight=weight)
    return {mean.name: mean.result() for mean in means.values()}


def labelled_mean(values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Mean of the values whose label is not -1, over all replicas.

    Args:
      values: float (batch,).
      labels: int (batch,), -1 for an unlabelled example.

    Returns:
      This replica's part times the number of replicas, so that the mean over
      replicas is the mean over all labelled examples; 0 if there are none.
    """
    known = tf.cast(labels >= 0, values.dtype)
    count = distribution.sum_over_replicas(tf.reduce_sum(known))
    total = tf.reduce_sum(values * known) * distribution.num_replicas()
    return tf.math.divide_no_nan(total, count)


def accuracy(
    logits: tf.Tensor, labels: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Top-1 accuracy as a (value, count) pair for `Stage.record`."""
    guesses = tf.argmax(logits, axis=-1, output_type=labels.dtype)
    right = tf.cast(tf.equal(guesses, labels), tf.float32)
    return labelled(right, labels)


def of_all(value: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A batch's mean as a (value, count) pair for `Stage.record`."""
    return value, tf.cast(tf.size(labels), tf.float32)


def labelled(
    values: tf.Tensor, labels: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean of this replica's labelled values, for `Stage.record`.

    Args:
      values: float (batch,).
      labels: int (batch,), -1 for an unlabelled example.

    Returns:
      A pair (mean, count).
    """
    known = tf.cast(labels >= 0, values.dtype)
    count = tf.reduce_sum(known)
    return tf.math.divide_no_nan(tf.reduce_sum(values * known), count), count
