"""From a source to batches: endless and shuffled, or each example once."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf.data import skip_errors
from simclrv2_tf.data.augment.crops import preprocess_for_eval
from simclrv2_tf.data.augment.simclr import Crops
from simclrv2_tf.data.batch_maker import batch_maker
from simclrv2_tf.data.not_compiled import not_compiled
from simclrv2_tf.data.order import batches_of_numbers
from simclrv2_tf.data.random import fold
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.source import to_channels
from simclrv2_tf.data.storage.reading_process import check_process
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.machine.cores import cores

ORDER = 0  # what is drawn from a seed, see `batch_maker.CROPS`

DEFAULT_CROPS = Crops()
BATCHES = 2  # that are made at once


def train_dataset(
    source: Source,
    batch_size: int,
    image_size: int,
    seed: int,
    views: int = 2,
    start_step: int = 0,
    workers: int = 1,
    worker: int = 0,
    shuffle_buffer: int = 0,
    unreadable: UnreadableImages | None = None,
    steps: int | None = None,
    crops: Crops = DEFAULT_CROPS,
) -> tf.data.Dataset:
    """Batches of random views, each epoch in an order of its own.

    What a batch holds depends on (seed, step) alone, so the data set that
    starts at a step is the rest of the one that started at 0, and starting
    there reads nothing of what came before. Several workers share each batch:
    worker i of n yields its i-th n-th, and reads nothing else.

    In the place of an image that cannot be read stands another one, drawn
    from all by seed, step and row.

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
      shuffle_buffer: Examples next to each other that are shuffled among
        themselves, see `order.epoch_order`; 0 for all.
      unreadable: `UnreadableImages` that counts what cannot be read; None
        for a new one.
      steps: Batches to end after; None for none. A pipeline that is dropped
        while it reads on waits for its readers, and those that decode in
        Python wait for whoever drops it.
      crops: `Crops`, what they may be like.

    Returns:
      A `tf.data.Dataset` of (view, label) or ((view, view), label), views
      float32 (batch / workers, image_size, image_size, channels) in [0, 1],
      labels int32 (batch / workers,), -1 for unlabelled.

    Raises:
      ValueError: If there are fewer examples than a batch, the workers do
        not share it evenly, or its images cannot be read where the data set
        is made, see `check_process`.
    """
    check_process(source.storage, source.name)
    _check(source, batch_size, workers)
    share = batch_size // workers
    batch = batch_maker(
        source,
        (worker * share, share, batch_size),
        image_size,
        seed,
        views,
        unreadable or UnreadableImages(source),
        crops,
    )
    numbers = batches_of_numbers(
        source.num_examples,
        batch_size,
        fold(seed, ORDER),
        start_step,
        shuffle_buffer,
    )
    numbers = numbers.enumerate(start_step)
    if steps is not None:
        numbers = numbers.take(steps)
    return _finished(numbers.map(batch, BATCHES, deterministic=True))


def first_views(
    source: Source,
    count: int,
    image_size: int,
    seed: int,
    views: int,
    shuffle_buffer: int,
    unreadable: UnreadableImages,
    crops: Crops,
) -> tuple[tf.Tensor, ...]:
    """What `train_dataset` yields first with batches of `count`: the views.

    Made once, without compiling, which would take far longer.

    Returns:
      Each view, float32 (count, image_size, image_size, channels) in [0, 1].
    """
    _check(source, count, 1)
    share = (0, count, count)
    batch = batch_maker(
        source, share, image_size, seed, views, unreadable, crops
    )
    numbers = examples_of_step(source, count, seed, 0, shuffle_buffer)
    with not_compiled():
        made, _ = batch(tf.constant(0, tf.int64), tf.constant(numbers))
    return made if views > 1 else (made,)


def _check(source, batch_size, workers):
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


def examples_of_step(
    source: Source,
    batch_size: int,
    seed: int,
    step: int,
    shuffle_buffer: int = 0,
) -> np.ndarray:
    """Numbers of the examples that `train_dataset` takes at a step.

    Returns:
      int64 (batch_size,), over all workers; another one stands in for an
      example that cannot be read.
    """
    numbers = batches_of_numbers(
        source.num_examples, batch_size, fold(seed, ORDER), step, shuffle_buffer
    )
    return next(numbers.take(1).as_numpy_iterator())


def eval_dataset(
    source: Source,
    batch_size: int,
    image_size: int,
    workers: int = 1,
    worker: int = 0,
    unreadable: UnreadableImages | None = None,
    numbers: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Each example once, in order, as evaluation sees it, with its number.

    Several workers share the examples: worker i of n yields the i-th n-th,
    to within one example, so that their shares joined are in order too.
    Images that cannot be read are left out.

    Args:
      source: A `Source`.
      batch_size: Images in a batch; the last may hold fewer, and so does one
        that something is left out of.
      image_size: Side in pixels.
      workers: Processes that share the examples.
      worker: Which of them this is, from 0.
      unreadable: `UnreadableImages` that counts what cannot be read; None
        for a new one.
      numbers: Of the examples that are wanted, int64; None for all.

    Returns:
      A `tf.data.Dataset` of (images float32 (batch, image_size, image_size,
      channels) in [0, 1], numbers int64 (batch,)). The labels are
      `source.labels[numbers]`.
    """
    fetch = source.pixels()
    unreadable = unreadable or UnreadableImages(source)

    def load(number):
        image = preprocess_for_eval(fetch(number), image_size)
        return to_channels(image, source.channels)

    @tf.autograph.experimental.do_not_convert
    def batch(numbers):
        count = tf.size(numbers)
        rows, images = skip_errors.load_rows(load, numbers, count, cores())
        missing = skip_errors.missing_rows(rows, count)
        report = tf.numpy_function(
            unreadable.report, [tf.gather(numbers, missing)], [], stateful=True
        )
        with tf.control_dependencies([report]):
            read = rows[: count - tf.size(missing)]
        return images[: tf.size(read)], tf.gather(numbers, read)

    share = _share(source, numbers, workers, worker).batch(batch_size)
    batches = share.map(batch, BATCHES, deterministic=True)
    return _finished(batches.filter(_any_read))


@tf.autograph.experimental.do_not_convert
def _any_read(_, read):
    return tf.size(read) > 0


def _share(source, numbers, workers, worker):
    """Numbers of a worker's examples, a `tf.data.Dataset`."""
    count = source.num_examples if numbers is None else len(numbers)
    first, last = (count * i // workers for i in (worker, worker + 1))
    if numbers is None:
        return tf.data.Dataset.range(first, last)
    share = np.asarray(numbers[first:last], np.int64)
    return tf.data.Dataset.from_tensor_slices(share)


def _finished(batches):
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing is left to tune
    return batches.prefetch(1).with_options(options)
