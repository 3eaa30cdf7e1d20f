"""In which order examples are taken: each epoch has an order of its own."""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.random import fold

# Of more examples an epoch's order is computed one by one and is not in
# memory: a cipher, as good as uniform for so many.
IN_MEMORY = 2**25


def batches_of_numbers(
    count: int,
    batch_size: int,
    seed: int | tf.Tensor,
    start_step: int = 0,
    window: int = 0,
) -> tf.data.Dataset:
    """Numbers of the examples of each batch; epochs follow without a seam.

    Args:
      count: Examples of the data set.
      batch_size: Numbers in a batch.
      seed: int or int32 (2,).
      start_step: First batch; nothing is done for those before it.
      window: See `epoch_order`.

    Returns:
      Endless `tf.data.Dataset` of int64 (batch_size,).
    """
    first_epoch, first_row = divmod(start_step * batch_size, count)

    @tf.autograph.experimental.do_not_convert  # nothing to convert, and slow
    def epoch(number):
        skipped = tf.where(number == first_epoch, first_row, 0)
        return _epoch(count, fold(seed, number), window, skipped)

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    return epochs.flat_map(epoch).batch(batch_size, drop_remainder=True)


def _epoch(count, seed, window, skipped):
    if count <= IN_MEMORY or window:
        order = epoch_order(count, seed, window)
        return tf.data.Dataset.from_tensor_slices(order[skipped:])
    rows = tf.data.Dataset.range(tf.cast(skipped, tf.int64), count)
    shuffle = tf.random.experimental.index_shuffle
    return rows.map(lambda row: shuffle(row, seed, count - 1))


def epoch_order(count: int, seed: tf.Tensor, window: int = 0) -> tf.Tensor:
    """A random order of all examples.

    Args:
      count: Examples.
      seed: int32 (2,).
      window: Examples next to each other in the data set that stay together:
        these windows come in random order, and so do the examples in each.
        0 is one window of all: every order is as likely as any other.

    Returns:
      int64 (count,), a permutation.
    """
    numbers = tf.range(count, dtype=tf.int64)
    if not 0 < window < count:
        return tf.random.experimental.stateless_shuffle(numbers, seed)
    ranks = tf.range(-(-count // window), dtype=tf.float64)
    ranks = tf.random.experimental.stateless_shuffle(ranks, fold(seed, 0))
    within = tf.random.stateless_uniform(
        [count], fold(seed, 1), 0, 1, "float64"
    )
    keys = tf.gather(ranks, numbers // window) + within
    return tf.cast(tf.argsort(keys), tf.int64)
