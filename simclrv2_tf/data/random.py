"""Stateless draws: the same seed and position give the same number."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def fold(seed: int | tf.Tensor, *numbers: int | tf.Tensor) -> tf.Tensor:
    """A new seed from a seed and whole numbers (epoch, step, view, …).

    Args:
      seed: int or int32 (2,).
      *numbers: int or integer scalars.

    Returns:
      int32 (2,).
    """
    seed = tf.convert_to_tensor(seed, tf.int32)
    if seed.shape.rank == 0:
        seed = tf.stack([seed, tf.zeros_like(seed)])
    for number in numbers:
        number = tf.cast(number, tf.int32)
        seed = tf.random.experimental.stateless_fold_in(
            seed,
            number,
            alg="philox",  # left to choose, a TPU has another
        )
    return seed


def uniform(
    shape: Sequence[int | tf.Tensor], seed: int | tf.Tensor
) -> tf.Tensor:
    """Uniform numbers, the same on every device and compiled or not.

    `tf.random.stateless_uniform` makes them of the lower 23 of 32 random
    bits, and of the upper ones under XLA: the same generator, other numbers.
    Here the bits are drawn, and the lower ones taken everywhere.

    Args:
      shape: List of int.
      seed: int32 (2,).

    Returns:
      float32 of the shape, in [0, 1).
    """
    bits = tf.random.stateless_uniform(
        shape, seed, None, None, tf.uint32, alg="philox"
    )
    lower = tf.bitwise.bitwise_and(bits, tf.constant(2**23 - 1, tf.uint32))
    return tf.cast(tf.cast(lower, tf.int32), tf.float32) * 2.0**-23


def uniform_rows(
    seed: int | tf.Tensor,
    batch: int | tf.Tensor,
    columns: int,
    first: int | tf.Tensor = 0,
    total: int | tf.Tensor | None = None,
) -> tf.Tensor:
    """Uniform numbers for the rows of a batch, whichever replica asks.

    The whole batch's numbers are drawn and this replica's rows cut out, so
    that a row depends on the seed and its place in the whole batch alone.

    Args:
      seed: int32 (2,).
      batch: Rows wanted.
      columns: Numbers per row.
      first: Place of the first row in the whole batch.
      total: Rows of the whole batch; None for `batch`.

    Returns:
      float32 (batch, columns) in [0, 1).
    """
    total = batch if total is None else total
    drawn = uniform([total, columns], seed)
    return tf.slice(drawn, [first, 0], [batch, columns])
