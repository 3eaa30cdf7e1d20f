"""Cheap classifiers beside the job's own: has it helped at all?"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

import keras
import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.models.features import PIXELS
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.features import raw_pixels
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing.cross_validation import left_out
from simclrv2_tf.probing.nearest import unit

_BATCH = contextvars.ContextVar("_BATCH", default=Config.eval_batch_size)


@contextlib.contextmanager
def batches_of(images: int) -> Iterator[None]:
    """A context in which a network answers so many images at once.

    Elsewhere it is the default of `--eval_batch_size`.
    """
    token = _BATCH.set(images)
    try:
        yield
    finally:
        _BATCH.reset(token)


def readable(source: Source) -> Source:
    """The images of a source that can be read; the log names the others."""
    batches = _batches(source, PIXELS)
    numbers = [read for _, read in batches.as_numpy_iterator()]
    kept = np.concatenate([np.zeros(0, np.int64), *numbers])
    return source if len(kept) == source.num_examples else source.subset(kept)


def unit_features(network, source: Source) -> np.ndarray:
    """Frozen features of a source's images, of length 1.

    Returns:
      float32 (examples, features), zeros for an image that cannot be read.
    """
    features, numbers = _outputs(network, source, "final_avg_pool")
    return _in_order(features, numbers, source.num_examples)


def classes_of(network, source: Source) -> np.ndarray:
    """What a network takes a source's images for.

    Returns:
      int64 (examples,), -1 for an image that cannot be read.
    """
    logits, numbers = _outputs(network, source, "logits_sup")
    classes = np.full(source.num_examples, -1)
    classes[numbers] = logits.argmax(axis=1)
    return classes


def _outputs(network, source, endpoint):
    """An endpoint's values of the images that can be read, and which."""
    config = network.get_config()
    source = source.with_channels(config["channels"])
    batches = _batches(source, config["image_size"])
    return features_of(network, batches, endpoint)


def pixels_of(source: Source, side: int = PIXELS) -> np.ndarray:
    """The images themselves, small, of mean 0 and length 1.

    Returns:
      float32 (examples, side * side * channels), zeros for an image that
      cannot be read; beside them a batch is held.
    """
    width = side * side * source.num_channels
    rows = np.zeros((source.num_examples, width), np.float32)
    for images, numbers in _batches(source, side).as_numpy_iterator():
        rows[numbers] = unit(raw_pixels(images).numpy())
    return rows


def images_of(source: Source, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that can be read, as evaluation sees them, and their numbers.

    Returns:
      float32 (images, side, side, channels) in [0, 1], int64 (images,).
    """
    batches = list(_batches(source, side).as_numpy_iterator())
    images = [images for images, _ in batches]
    numbers = [numbers for _, numbers in batches]
    return np.concatenate(images), np.concatenate(numbers)


def _batches(source, side):
    """Images that can be read: the job's runs have judged how many cannot."""
    every = UnreadableImages(source, 1.0)
    return pipeline.eval_dataset(source, _BATCH.get(), side, unreadable=every)


def _in_order(rows, numbers, count):
    ordered = np.zeros((count, rows.shape[1]), np.float32)
    ordered[numbers] = unit(rows)
    return ordered


def accuracy(classify, train, evaluation=None) -> tuple[float, int]:
    """Accuracy on an evaluation set, or cross-validated on the labels.

    Args:
      classify: Function (known, labels, queries) to classes.
      train: (features, labels) of the labelled images.
      evaluation: The same to evaluate on; None for cross-validation.

    Returns:
      Share of right answers, and of how many; (nan, 0) where each class has a
      single label and nothing can be left out.
    """
    if evaluation is not None:
        features, labels = evaluation
        right = classify(*train, features) == labels
        return float(right.mean()), len(right)
    right = left_out(classify, *train)
    return (float(right.mean()), len(right)) if len(right) else (np.nan, 0)


def untrained_like(network: Network) -> Network:
    """A network of the same shape as it was before any step."""
    keras.utils.set_random_seed(0)
    return type(network)(**network.get_config())
