"""Cheap classifiers beside the job's own: has it helped at all?"""

from __future__ import annotations

import keras
import numpy as np

from simclrv2_tf import linear_probe
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.models.features import features_of as embed

PIXELS = 32  # side to which images are brought to be compared by pixels
FOLDS = 5
BATCH = 256


def features_of(network, source: Source) -> np.ndarray:
    """Frozen features of a source's images, of length 1.

    Returns:
      float32 (examples, features), zeros for an image that cannot be read.
    """
    config = network.get_config()
    source = source.with_channels(config["channels"])
    batches = _batches(source, config["image_size"])
    features, numbers = embed(network, batches)
    return _in_order(features, numbers, source.num_examples)


def pixels_of(source: Source, side: int = PIXELS) -> np.ndarray:
    """The images themselves, small, of mean 0 and length 1."""
    images, numbers = images_of(source, side)
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return _in_order(flat, numbers, source.num_examples)


def images_of(source: Source, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that can be read, as evaluation sees them, and their numbers.

    Returns:
      float32 (images, side, side, channels) in [0, 1], int64 (images,).
    """
    batches = list(_batches(source, side).as_numpy_iterator())
    images = [images for images, _ in batches]
    numbers = [numbers for _, numbers in batches]
    return np.concatenate(images), np.concatenate(numbers)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(length, 1e-12)


def _batches(source, side):
    """Images that can be read: the job's runs have judged how many cannot."""
    every = UnreadableImages(source, 1.0)
    return pipeline.eval_dataset(source, BATCH, side, unreadable=every)


def _in_order(rows, numbers, count):
    ordered = np.zeros((count, rows.shape[1]), np.float32)
    ordered[numbers] = unit(rows)
    return ordered


def neighbours(known, labels, asked, k: int = 1) -> np.ndarray:
    """The class of the nearest known examples, by cosine.

    Args:
      known: float (n, features) of length 1.
      labels: int (n,).
      asked: float (m, features).
      k: Neighbours that vote, the nearest with more weight.

    Returns:
      int (m,).
    """
    k = min(k, len(known))
    cosine = asked @ known.T
    index = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
    weight = np.exp(np.take_along_axis(cosine, index, 1) / 0.1)
    votes = np.zeros((len(asked), labels.max() + 1))
    rows = np.arange(len(asked))[:, None]
    np.add.at(votes, (rows, labels[index]), weight)
    return votes.argmax(axis=1)


def logistic(known, labels, asked) -> np.ndarray:
    """The class that a logistic regression gives, int (m,)."""
    probe = linear_probe.fit(known, labels, labels.max() + 1)
    return probe.logits(asked).argmax(axis=1)


def accuracy(classify, train, evaluation=None) -> tuple[float, int]:
    """Accuracy on an evaluation set, or cross-validated on the labels.

    Args:
      classify: `neighbours` or `logistic`.
      train: (features, labels) of the labelled images.
      evaluation: The same to evaluate on; None for cross-validation.

    Returns:
      Share of right answers, and of how many; (nan, 0) where a class has a
      single label and nothing can be left out.
    """
    if evaluation is not None:
        features, labels = evaluation
        right = classify(*train, features) == labels
        return float(right.mean()), len(right)
    right = left_out(classify, *train)
    return (float(right.mean()), len(right)) if len(right) else (np.nan, 0)


def left_out(classify, features, labels, seed: int = 0) -> np.ndarray:
    """Whether each example is told right by those of the other folds.

    Args:
      classify: `neighbours` or `logistic`.
      features: float (examples, features).
      labels: int (examples,).
      seed: Of the folds.

    Returns:
      bool (examples,); none where a class has a single label.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, np.bincount(labels).min())
    if folds < 2:
        return np.zeros(0, bool)
    right = np.zeros(len(labels), bool)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for rest, out in split.split(features, labels):
        told = classify(features[rest], labels[rest], features[out])
        right[out] = told == labels[out]
    return right


def untrained_like(network):
    """A network of the same shape as it was before any step."""
    keras.utils.set_random_seed(0)
    return type(network)(**network.get_config())
