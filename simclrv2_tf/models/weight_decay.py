"""Which variables weight decay applies to, and by whom: chosen by identity."""

from __future__ import annotations

import keras

from simclrv2_tf.models.keras_models.keras_backbone import kernels
from simclrv2_tf.models.network import Network


def inner_kernels(network: Network) -> list[keras.Variable]:
    """Kernels of the backbone and the projection head."""
    parts = (network.backbone, network.projection_head)
    leaves = [leaf for part in parts for leaf in part.leaves()]
    return [kernel for leaf in leaves for kernel in kernels(leaf)]


def plain_variables(network: Network) -> list[keras.Variable]:
    """What LARS neither decays nor adapts to: all but inner kernels."""
    adapted = {id(kernel) for kernel in inner_kernels(network)}
    return [v for v in network.trainable_variables if id(v) not in adapted]


def decayed_by_loss(
    network: Network, optimizer_decays: bool
) -> list[keras.Variable]:
    """The variables whose squares are added to the loss.

    Args:
      network: A `Network`.
      optimizer_decays: Whether the optimizer decays the inner kernels by
        itself. Then it is the supervised head's kernel alone; otherwise all
        kernels and biases that are trained.
    """
    heads = [network.supervised_head] if network.supervised_head else []
    if optimizer_decays:
        chosen = [leaf.kernel for head in heads for leaf in head.leaves()]
    else:
        chosen = _kernels_and_biases(network, heads)
    return [variable for variable in chosen if variable.trainable]


def _kernels_and_biases(network, heads):
    parts = [network.backbone, network.projection_head, *heads]
    leaves = [leaf for part in parts for leaf in part.leaves()]
    return [
        variable
        for leaf in leaves
        if kernels(leaf)
        for variable in leaf.trainable_variables
    ]
