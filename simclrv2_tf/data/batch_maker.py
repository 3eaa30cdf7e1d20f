"""From the numbers of a batch's examples to its views and labels."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from simclrv2_tf.data import skip_errors
from simclrv2_tf.data.augment import boxes
from simclrv2_tf.data.augment.crops import batch_views
from simclrv2_tf.data.augment.crops import image_views
from simclrv2_tf.data.augment.simclr import Crops
from simclrv2_tf.data.decode.batch import decode_batch
from simclrv2_tf.data.random import fold
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.source import to_channels
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.machine.cores import cores

CROPS, SUBSTITUTES = 1, 2  # what is drawn from a step's seed, 0 is the order
SMALL = 64  # up to this side in pixels images are cropped as matrices


def batch_maker(
    source: Source,
    share: tuple[int, int, int],
    image_size: int,
    seed: int,
    views: int,
    unreadable: UnreadableImages,
    crops: Crops,
) -> Callable:
    """A function (step, numbers of the whole batch's examples) to a batch.

    Args:
      source: A `Source`.
      share: The first row that is made here, how many, and rows in all.
      image_size: Side of the views in pixels.
      seed: int, 0 or more.
      views: Views of each image, 1 or 2.
      unreadable: Counts what cannot be read.
      crops: What crops may be like.

    Returns:
      Function of int64 scalar and int64 (rows in all,) to what
      `pipeline.train_dataset` yields.
    """
    first, count, total = share
    make_views = _view_maker(source, image_size, crops.least_area)
    labels = tf.constant(source.labels)

    @tf.autograph.experimental.do_not_convert  # nothing to convert, and slow
    def batch(step, numbers):
        step_seed = fold(seed, CROPS, step)
        draws = boxes.draw(step_seed, count, views, first, total, crops.flip)
        numbers = tf.slice(numbers, [first], [count])

        def report(number, read):
            return tf.numpy_function(unreadable.note, [number, read, step], [])

        def substitute(row, attempt):
            own = fold(seed, SUBSTITUTES, step, first + row, attempt)
            return tf.random.stateless_uniform(
                [], own, 0, source.num_examples, tf.int64
            )

        numbers, made = make_views(numbers, draws, substitute, report)
        made = made if views > 1 else made[0]
        return made, tf.gather(labels, numbers)

    return batch


def _view_maker(source, image_size, least_area):
    """A function (numbers, draws, substitute, report) to numbers and views.

    Small images of one size are read and cropped as a whole batch, others
    each by itself; the views are the same.
    """
    shape = source.image_shape
    if source.resize_shorter_side:  # the size that they are stored in counts
        shape = source.storage.image_shape or source.shape
    if shape is None or max(*shape[:2], image_size) > SMALL:
        fetch = source.pixels()

        def load(number, draws):
            views = image_views(fetch(number), draws, image_size, least_area)
            return _in_channels(views, source)

        def each(numbers, draws, substitute, report):
            return _load(load, numbers, draws, substitute, report, True)

        return each
    read = _batch_reader(source)

    def whole(numbers, draws, substitute, report):
        numbers, images = read(numbers, substitute, report)
        views = batch_views(images, draws, image_size, least_area)
        return numbers, _in_channels(views, source)

    return whole


def _batch_reader(source):
    """A function like that of `_view_maker`, without draws, to images."""
    fetch = source.pixels()
    if source.storage.image_shape is not None:  # pixels: nothing can fail
        return lambda numbers, *_: (numbers, fetch(numbers))

    def singly(numbers, substitute, report):
        return _load(
            lambda number, _: fetch(number),
            numbers,
            numbers,
            substitute,
            report,
        )

    if not source.storage.encoded or source.image_shape != source.shape:
        return singly
    fetch_encoded = source.storage.fetch()

    def as_batch(numbers, substitute, report):
        decoded, images = decode_batch(
            fetch_encoded(numbers), source.image_shape
        )
        return tf.cond(
            decoded,
            lambda: (numbers, images),
            lambda: singly(numbers, substitute, report),
        )

    return as_batch


def _in_channels(views, source):
    return tuple(to_channels(view, source.channels) for view in views)


def _load(load, numbers, draws, substitute, report, side_by_side=False):
    return skip_errors.load_or_replace(
        load,
        (numbers, draws),
        numbers.shape[0],
        substitute,
        report,
        cores() if side_by_side else None,
    )
