"""The two data sets, small and in memory, and what may be wrong with them."""

import numpy as np
import tensorflow as tf

from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory

SIDE = 24  # of the other data set's images, in pixels
DIGITS, OTHER = "digits", "other"
HELD_OUT = 0.25  # of the other data set, to judge by


class Unchecked(InMemory):
    """Numbers of any size, as a pipeline of one's own may hand them out."""

    def fetch(self):
        pixels = tf.constant(self.array)
        return lambda i: tf.gather(pixels, i)


def load(other):
    """{name: (`Source` to train on, `Source` to judge by)}."""
    whole = _small(sources.open_source(other, "train"))
    order = np.random.default_rng(0).permutation(whole.num_examples)
    cut = int((1 - HELD_OUT) * len(order))
    digits = [sources.open_source(DIGITS, s) for s in ("train", "test")]
    return {
        DIGITS: tuple(digits),
        OTHER: (whole.subset(order[:cut]), whole.subset(order[cut:])),
    }


def _small(source):
    pixels = np.zeros((source.num_examples, SIDE, SIDE, 3), np.uint8)
    batches = pipeline.eval_dataset(source, 256, SIDE)
    for batch, numbers in batches.as_numpy_iterator():
        pixels[numbers] = np.round(255 * batch)
    return Source(
        source.name, source.labels, InMemory(pixels), source.class_names
    )


def constant(pixels):
    return np.full_like(pixels, 128)


def repeated(pixels):
    return np.repeat(pixels[:1], len(pixels), axis=0)


def noise(pixels):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, pixels.shape).astype(np.uint8)


def in_bytes(pixels):
    """Floats up to 255, which nobody divided."""
    return pixels.astype(np.float32)


def divided_twice(pixels):
    return np.round(pixels / 255).astype(np.uint8)


def permuted(pixels):
    """The pixels of each image in an order of its own."""
    flat = pixels.reshape(len(pixels), -1, pixels.shape[-1])
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(i) for i in flat]).reshape(pixels.shape)
