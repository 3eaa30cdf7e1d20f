"""Features of a data set: a network's output for each example."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.models.network import Network

PIXELS = 32  # side to which images are brought to be compared by pixels


def features_of(
    network: Network,
    dataset: tf.data.Dataset,
    endpoint: str = "final_avg_pool",
) -> tuple[np.ndarray, np.ndarray]:
    """Embeds a data set.

    Args:
      network: A `Network`.
      dataset: `tf.data.Dataset` of (images, numbers), this worker's share of
        the examples.
      endpoint: Name of an endpoint of shape (batch, features).

    Returns:
      float32 (examples, features) and their numbers (examples,), numpy
      arrays of all workers' examples.
    """

    def embed(images, numbers):
        outputs = network(images, training=False)[endpoint]
        return tf.cast(outputs, tf.float32), numbers

    width = network.output[endpoint].shape[-1]
    pairs = [(np.zeros((0, width), np.float32), np.zeros(0, np.int64))]
    pairs += distribution.map_rows(embed, dataset)
    embedded, numbers = map(np.concatenate, zip(*pairs, strict=True))
    embedded = distribution.join_workers(embedded)
    if not len(embedded):
        raise ValueError("The data set to embed holds no example.")
    return embedded, distribution.join_workers(numbers)


def raw_pixels(images: tf.Tensor) -> tf.Tensor:
    """The images themselves as features, of mean 0.

    Args:
      images: float (batch, height, width, channels).

    Returns:
      float32 (batch, height * width * channels).
    """
    flat = tf.reshape(images, [tf.shape(images)[0], np.prod(images.shape[1:])])
    return flat - tf.reduce_mean(flat, axis=1, keepdims=True)
