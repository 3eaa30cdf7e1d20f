"""From a source to batches: endless and shuffled, or each example once."""

import tensorflow as tf

from simclrv2_tf.data.crops import preprocess_for_eval
from simclrv2_tf.data.crops import random_view
from simclrv2_tf.data.randomness import fold

# What the numbers drawn from a seed are for.
ORDER, CROPS = 0, 1


def train_dataset(source, batch_size, image_size, seed, views=2, start_step=0):
    """Endless batches of random views, each epoch in an order of its own.

    What a batch holds depends on (seed, step) alone, so the data set that
    starts at a step is the rest of the one that started at 0, and starting
    there reads nothing of what came before.

    Args:
      source: A `Source`.
      batch_size: Images in a batch, at most as many as there are.
      image_size: Side of the views in pixels.
      seed: int, 0 or more.
      views: Views of each image, 1 or 2.
      start_step: First step.

    Returns:
      A `tf.data.Dataset` of (view, label) or ((view, view), label), views
      float32 (batch, image_size, image_size, channels) in [0, 1], labels
      int32 (batch,), -1 for unlabelled.

    Raises:
      ValueError: If there are fewer examples than a batch.
    """
    if source.num_examples < batch_size:
        raise ValueError(
            "There must be at least as many images as a batch holds. "
            f"Received: {source.num_examples} images for a batch of "
            f"{batch_size}"
        )
    read = source.reader()
    count = source.num_examples

    def example(position):
        image, label = read(_shuffled(position, count, seed))
        seeds = [
            fold(seed, CROPS, position // 2**31, position % 2**31, view)
            for view in range(views)
        ]
        crops = tuple(random_view(image, image_size, s) for s in seeds)
        return (crops if views > 1 else crops[0]), label

    first = start_step * batch_size
    positions = tf.data.Dataset.range(first, tf.int64.max)
    return (
        positions.map(example, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
    )


def _shuffled(position, count, seed):
    """The example at a place of the endless stream; a stateless shuffle."""
    epoch, place = position // count, position % count
    return tf.random.experimental.index_shuffle(
        place, fold(seed, ORDER, epoch), count - 1
    )


def eval_dataset(source, batch_size, image_size):
    """Each example once, in order, as evaluation sees it.

    Args:
      source: A `Source`.
      batch_size: Images in a batch; the last may hold fewer.
      image_size: Side in pixels.

    Returns:
      A `tf.data.Dataset` of (images float32 (batch, image_size, image_size,
      channels) in [0, 1], labels int32 (batch,)).
    """
    read = source.reader()

    def example(index):
        image, label = read(index)
        return preprocess_for_eval(image, image_size), label

    return (
        tf.data.Dataset.range(source.num_examples)
        .map(example, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(batch_size)
        .prefetch(2)
    )
