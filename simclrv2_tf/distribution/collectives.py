"""Communication between replicas within a step."""

from __future__ import annotations

import tensorflow as tf


def num_replicas() -> int:
    """Returns how many replicas take part in a step, 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id() -> int | tf.Tensor:
    """Returns which replica this is: int, or int32 scalar inside a step.

    Outside a replica's step (and with one replica) it is 0.
    """
    if not _in_company():
        return 0
    return tf.distribute.get_replica_context().replica_id_in_sync_group


def replica_offset(batch_size: int | tf.Tensor) -> int | tf.Tensor:
    """Returns where this replica's rows start in a gathered batch.

    Args:
      batch_size: Rows per replica, the same on each: int or int32 scalar.
    """
    return replica_id() * batch_size


def all_gather(x: tf.Tensor) -> tf.Tensor:
    """Joins the rows of every replica; differentiable.

    The gradient is exact: each replica receives what all replicas' losses
    owe to its own rows. Every replica must call this, in the same order,
    with the same number of rows.

    Args:
      x: Tensor of shape (batch, ...).

    Returns:
      Tensor of shape (replicas * batch, ...), in the order of replicas;
      `x` itself outside a step and with one replica.
    """
    if not _in_company():
        return x
    return _all_gather(tf.convert_to_tensor(x))


def sum_over_replicas(x: tf.Tensor) -> tf.Tensor:
    """Adds up the tensors of every replica; differentiable.

    Every replica must call this, in the same order, with the same shape.
    Outside a step and with one replica it is `x` itself.
    """
    if not _in_company():
        return x
    x = tf.identity(x)  # on this replica's device, as what is given may not be
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, x)


def check_equal_shares(x: tf.Tensor) -> None:
    """Fails the step if replicas have batches of different sizes.

    Moments, places in the batch and means over replicas are those of equal
    shares. Shapes that are known are equal: only the others are compared.

    Args:
      x: This replica's share, (rows, ...).
    """
    if not _in_company() or x.shape[0] is not None:
        return
    rows = tf.shape(x)[0]
    tf.debugging.assert_equal(
        sum_over_replicas(rows),
        rows * num_replicas(),
        "Replicas must have equal shares of a batch: give batches that the "
        "number of replicas divides, dataset.batch(N, drop_remainder=True)",
    )


def _in_company():
    """Whether this is the step of one of several replicas."""
    in_step = tf.distribute.get_replica_context() is not None
    return in_step and num_replicas() > 1


@tf.custom_gradient
def _all_gather(x):
    context = tf.distribute.get_replica_context()
    batch = x.shape[0] if x.shape[0] is not None else tf.shape(x)[0]
    gathered = context.all_gather(x, axis=0)
    gathered = tf.ensure_shape(gathered, _gathered_shape(x))

    def gradient(upstream):
        total = sum_over_replicas(upstream)
        start = replica_offset(batch)
        mine = total[start : start + batch]
        return tf.ensure_shape(mine, x.shape)

    return gathered, gradient


def _gathered_shape(x):
    if x.shape[0] is None:
        return [None, *x.shape[1:]]
    return [x.shape[0] * num_replicas(), *x.shape[1:]]
