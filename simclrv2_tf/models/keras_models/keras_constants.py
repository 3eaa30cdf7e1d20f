"""Constants that layers of Keras make of their variables.

`keras.layers.Normalization` computes with a mean and a variance that are no
variables but constants, made of them when it is built, adapted, or loaded by
Keras. Code that assigns the variables otherwise has to call `refresh`, or
the layer goes on with a mean of 0 and a variance of 1.
"""

from __future__ import annotations

import keras
import numpy as np

from simclrv2_tf.models.keras_models.keras_backbone import KerasBackbone


def refresh(network: keras.Model) -> None:
    """Recomputes the constants from the variables as they are now.

    Args:
      network: A `Network`; that of a ResNet has no such constants.
    """
    for layer in _layers(network):
        layer.finalize_state()


def variables(network: keras.Model) -> list[keras.Variable]:
    """The variables that constants are made of; no step changes them.

    Args:
      network: A `Network`.
    """
    return [v for layer in _layers(network) for v in layer.variables]


def copy(source: keras.Model, target: keras.Model) -> None:
    """Has a network compute with the constants of another of its structure.

    Args:
      source: A `Network`.
      target: The `Network` that takes them.
    """
    for theirs, own in zip(variables(source), variables(target), strict=True):
        own.assign(theirs.value)
    refresh(target)


def neutralize(network: keras.Model) -> bool:
    """Has normalization by constants change nothing: mean 0, variance 1.

    Args:
      network: A `Network`.

    Returns:
      Whether it changed something before.
    """
    changed = False
    for layer in _layers(network):
        if isinstance(layer, keras.layers.Normalization):
            mean, variance = layer.adapt_mean, layer.adapt_variance
            changed |= bool(np.any(mean) or np.any(np.not_equal(variance, 1)))
            mean.assign(np.zeros(mean.shape))
            variance.assign(np.ones(variance.shape))
    refresh(network)
    return changed


def _layers(network):
    """Layers with such constants, [] unless of a Keras backbone."""
    if not isinstance(network.backbone, KerasBackbone):
        return []
    return network.backbone.with_constants
