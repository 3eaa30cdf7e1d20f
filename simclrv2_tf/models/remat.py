"""Activations that are made again and not kept (rematerialisation)."""

import contextlib

import keras
import tensorflow as tf


def rematerialize(layer, inputs, **kwargs):
    """Calls a layer and keeps nothing of it but its output.

    The backward pass calls it a second time. That time the layer's state,
    such as moving statistics, stays as the first call left it: what a
    `keras.StatelessScope` is told to assign, it forgets.

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
