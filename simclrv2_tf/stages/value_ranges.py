"""Pixels and class numbers in the ranges that a stage takes them in.

What is out of range fails the step. XLA leaves such checks out, see
`host_checks`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# Standardised pixels, and what a filter overshoots, stay below it.
LARGEST = 10


def pixels(images: Any) -> tf.Tensor:
    """Images as floats in [0, 1].

    Args:
      images: uint8 or uint16 of any shape, which is scaled, or float in
        [0, 1], which stays as it is.

    Raises:
      ValueError: If they are of another dtype.
      InvalidArgumentError: If floats are far above 1, as those of 0 to 255.
    """
    images = tf.convert_to_tensor(images)
    if images.dtype in (tf.uint8, tf.uint16):
        return tf.image.convert_image_dtype(images, tf.float32)
    if not images.dtype.is_floating:
        raise ValueError(
            "Images must be uint8 or uint16, or float in [0, 1]. Received: "
            f"{images.dtype.name}"
        )
    beyond = images > tf.cast(LARGEST, images.dtype)  # NaN is not
    return _unless(
        tf.reduce_any(beyond),
        "Float images must lie in [0, 1]: divide those in 0 to 255 by 255. "
        "Received, largest value:",
        tf.cast(tf.reduce_max(images), tf.int32),
        images,
    )


def within_classes(labels: tf.Tensor, num_classes: int) -> tf.Tensor:
    """The labels.

    Args:
      labels: int32 (batch,), -1 for unlabelled.
      num_classes: Of the network.

    Raises:
      InvalidArgumentError: If one is no class of the network, for which a GPU
        would answer NaN.
    """
    return _unless(
        tf.reduce_any(labels >= num_classes),
        f"Labels must be below the {num_classes} classes of the network, or "
        "-1 for unlabelled: number the classes from 0, or build the network "
        "with a larger `num_classes`. Received, largest label:",
        tf.reduce_max(labels),
        labels,
    )


def _unless(wrong, words, value, tensor):
    """The tensor; the step fails with words and an int32 if it is wrong."""
    if tf.executing_eagerly():
        if wrong:
            raise tf.errors.InvalidArgumentError(None, None, f"{words} {value}")
        return tensor
    # A function runs it beside the step, which does not wait for its answer.
    tf.debugging.Assert(tf.logical_not(wrong), [words, value])
    return tensor
