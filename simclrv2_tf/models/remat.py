"""Activations that are made again and not kept (rematerialisation)."""

from __future__ import annotations

import contextlib
from typing import Any

import keras
import tensorflow as tf


def rematerialize(
    layer: keras.layers.Layer, inputs: tf.Tensor, **kwargs: Any
) -> tf.Tensor:
    """Calls a layer and keeps only its output for the backward pass.

    The backward pass calls it a second time. That time the layer's state,
    such as moving statistics, stays as the first call left it, as assignments
    in a `keras.StatelessScope` are dropped.

    Args:
      layer: A built layer that answers the same both times.
      inputs: Tensor.
      **kwargs: Further arguments of the layer, no tensors.

    Returns:
      `layer(inputs, **kwargs)`.
    """
    scopes = iter([contextlib.nullcontext()])

    @tf.recompute_grad
    def run(x):
        with next(scopes, None) or keras.StatelessScope():
            return layer(x, **kwargs)

    return run(inputs)
