"""From a source to batches: endless and shuffled, or each example once."""

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.crops import preprocess_for_eval
from simclrv2_tf.data.crops import random_view
from simclrv2_tf.data.randomness import fold

# What the numbers drawn from a seed are for.
ORDER, CROPS = 0, 1


def train_dataset(
    source,
    batch_size,
    image_size,
    seed,
    views=2,
    start_step=0,
    workers=1,
    worker=0,
):
    """Endless batches of random views, each epoch in an order of its own.

    What a batch holds depends on (seed, step) alone, so the data set that
    starts at a step is the rest of the one that started at 0, and starting
    there reads nothing of what came before. Several workers share each batch:
    worker i of n yields its i-th n-th, and reads nothing else.

    Args:
      source: A `Source`.
      batch_size: Images in a batch over all workers, at most as many as there
        are.
      image_size: Side of the views in pixels.
      seed: int, 0 or more.
      views: Views of each image, 1 or 2.
      start_step: First step.
      workers: Processes that share each batch.
      worker: Which of them this is, from 0.

    Returns:
      A `tf.data.Dataset` of (view, label) or ((view, view), label), views
      float32 (batch / workers, image_size, image_size, channels) in [0, 1],
      labels int32 (batch / workers,), -1 for unlabelled.

    Raises:
      ValueError: If there are fewer examples than a batch, or the workers do
        not share it evenly.
    """
    if source.num_examples < batch_size:
        raise ValueError(
            "There must be at least as many images as a batch holds. "
            f"Received: {source.num_examples} images for a batch of "
            f"{batch_size}"
        )
    if batch_size % workers:
        raise ValueError(
            f"`batch_size` must be a multiple of the {workers} workers. "
            f"Received: batch_size={batch_size}"
        )
    read = source.reader()
    share = batch_size // workers
    count = source.num_examples

    def example(number):  # of those that this worker reads
        step, row = number // share, number % share
        position = step * batch_size + worker * share + row
        image, label = read(_shuffled(position, count, seed))
        seeds = [
            fold(seed, CROPS, position // 2**31, position % 2**31, view)
            for view in range(views)
        ]
        crops = tuple(random_view(image, image_size, s) for s in seeds)
        return (crops if views > 1 else crops[0]), label

    numbers = tf.data.Dataset.range(start_step * share, tf.int64.max)
    return (
        numbers.map(example, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(share, drop_remainder=True)
        .prefetch(2)
    )


def _shuffled(position, count, seed):
    """The example at a place of the endless stream; a stateless shuffle."""
    epoch, place = position // count, position % count
    return tf.random.experimental.index_shuffle(
        place, fold(seed, ORDER, epoch), count - 1
    )


def examples_of_step(source, batch_size, seed, step):
    """Numbers of the examples that `train_dataset` yields at a step.

    Returns:
      int64 (batch_size,), over all workers.
    """
    count = source.num_examples
    positions = range(step * batch_size, (step + 1) * batch_size)
    return np.array([int(_shuffled(p, count, seed)) for p in positions])


def eval_dataset(source, batch_size, image_size, workers=1, worker=0):
    """Each example once, in order, as evaluation sees it.

    Several workers share the examples: worker i of n yields the i-th n-th,
    to within one example, so that their shares joined are in order too.

    Args:
      source: A `Source`.
      batch_size: Images in a batch; the last may hold fewer.
      image_size: Side in pixels.
      workers: Processes that share the examples.
      worker: Which of them this is, from 0.

    Returns:
      A `tf.data.Dataset` of (images float32 (batch, image_size, image_size,
      channels) in [0, 1], labels int32 (batch,)).
    """
    read = source.reader()
    count = source.num_examples
    first, last = (count * i // workers for i in (worker, worker + 1))

    def example(index):
        image, label = read(index)
        return preprocess_for_eval(image, image_size), label

    return (
        tf.data.Dataset.range(first, last)
        .map(example, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(batch_size)
        .prefetch(2)
    )
