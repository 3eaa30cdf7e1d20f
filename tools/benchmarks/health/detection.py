"""What features are worth: the nearest of a few labelled images, many draws."""

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.data import pipeline
from simclrv2_tf.probing.nearest import neighbours
from simclrv2_tf.recipes import baselines

LABELS, DRAWS = 5, 40  # of each class in a draw, and draws
GAIN = 0.03  # of the share that is told right: less is not learning
WARM = 50  # batches that normalization takes its statistics from


def right(network, train, test):
    """Shares of the test images that are told right, one for each draw.

    The same draws for every network.
    """
    known = baselines.unit_features(network, train)
    queries = baselines.unit_features(network, test)
    shares = []
    for seed in range(DRAWS):
        chosen = _draw(train.labels, np.random.default_rng(seed))
        predicted = neighbours(known[chosen], train.labels[chosen], queries)
        shares.append(np.mean(predicted == test.labels))
    return np.array(shares)


def _draw(labels, rng):
    classes = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return np.concatenate([rng.choice(c, LABELS, False) for c in classes])


def untrained_like(network, source, seed):
    """As before the first step, but for the statistics of normalization."""
    keras.utils.set_random_seed(seed)
    fresh = type(network)(**network.get_config())
    size = network.get_config()["image_size"]
    ((images, _),) = pipeline.eval_dataset(source, 256, size).take(1)
    step = tf.function(lambda: fresh(images, training=True))
    for _ in range(WARM):
        step()
    return fresh


def verdict(trained, untrained):
    """Whether it learns, of the shares of both networks."""
    gain = trained - untrained
    return {
        "right": round(float(trained.mean()), 4),
        "right untrained": round(float(untrained.mean()), 4),
        "error of the gain": round(float(gain.std() / len(gain) ** 0.5), 4),
        "learns": bool(gain.mean() >= GAIN),
    }
