"""Metrics of a step: means over examples and replicas, of those labelled."""

import keras
import tensorflow as tf

from simclrv2_tf import distribution


def note(
    means: dict[str, keras.metrics.Mean],
    values: dict[str, tf.Tensor | tuple[tf.Tensor, tf.Tensor]],
) -> dict[str, tf.Tensor]:
    """Adds the values of all replicas to running means, see `Stage.record`.

    A mean is NaN after a step that was not finite as long as no step was.
    """
    pairs = [v if isinstance(v, tuple) else (v, 1.0) for v in values.values()]
    pairs = tf.unstack(tf.cast(pairs, tf.float32), 2, 1)
    parts, weights, lost = _over_replicas(*pairs)
    noted = (tf.unstack(v, len(values)) for v in (parts, weights))
    for name, part, weight in zip(values, *noted, strict=True):
        means[name].update_state(part, sample_weight=weight)
    spoilt = dict(zip(values, tf.unstack(lost > 0, len(values)), strict=True))
    return {m.name: _result(m, spoilt.get(n)) for n, m in means.items()}


def _over_replicas(parts, weights):
    """Means, weights that are finite and weights that are not, of all."""
    finite = tf.math.is_finite(parts)
    kept, lost = (tf.where(f, weights, 0.0) for f in (finite, ~finite))
    sums = tf.stack([tf.where(finite, parts, 0.0) * kept, kept, lost])
    total, kept, lost = tf.unstack(distribution.sum_over_replicas(sums), 3)
    return tf.math.divide_no_nan(total, kept), kept, lost


def _result(mean, spoilt):
    """The value of a mean; NaN where none of its values was finite."""
    if spoilt is None:
        return mean.result()
    nothing = tf.logical_and(spoilt, tf.equal(mean.count, 0.0))
    return tf.where(nothing, float("nan"), mean.result())


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


def over_replicas(value: tf.Tensor) -> tf.Tensor:
    """The mean of a scalar over replicas, however many rows each has."""
    total = distribution.sum_over_replicas(value)
    return total / distribution.num_replicas()


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
