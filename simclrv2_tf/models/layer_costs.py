"""What each layer costs for one image, counted without building it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.models.heads import ProjectionHead
from simclrv2_tf.models.resnet import ResNet


@dataclasses.dataclass
class LayerCosts:
    """Counts of a part of a network, of one image where that matters.

    Attributes:
      parameters: Trained elements.
      multiplications: Multiply-adds of a forward pass.
      kept: Elements that the backward pass needs.
      outputs: Elements of the last output.
      norms: Channels of each normalization, a list.
    """

    parameters: int = 0
    multiplications: int = 0
    kept: int = 0
    outputs: int = 0
    norms: list = dataclasses.field(default_factory=list)

    def __add__(self, other: LayerCosts) -> LayerCosts:
        return LayerCosts(
            self.parameters + other.parameters,
            self.multiplications + other.multiplications,
            self.kept + other.kept,
            other.outputs,
            self.norms + other.norms,
        )


def count(
    image_size: int = 224,
    channels: int = 3,
    head: Mapping[str, Any] | None = None,
    **backbone: Any,
) -> dict[str, LayerCosts]:
    """Counts stem, block groups and projection head of a network.

    Args:
      image_size: Side of the images in pixels.
      channels: Channels of the images.
      head: Arguments of `ProjectionHead` but its width, a dictionary.
      **backbone: Arguments of `ResNet`.

    Returns:
      Dictionary of a `LayerCosts` for "stem", "block_group1" …
      "block_group4" and "head_contrastive".
    """
    network = ResNet(image_size=image_size, **backbone)
    walk = _Walk(image_size, channels)
    walk.kept(image_size, channels)
    walk.stem(network.stem)
    parts = {"stem": walk.take()}
    for group in network.groups:
        for block in group.blocks:
            walk.block(block)
        parts[group.name] = walk.take()
    walk.head(ProjectionHead(width=network.feature_dim, **(head or {})))
    return {**parts, "head_contrastive": walk.take()}


class _Walk:
    """Counts layers in the order of the forward pass; `take` starts anew."""

    def __init__(self, size, channels):
        self.size, self.channels = size, channels
        self._met = LayerCosts()

    def take(self):
        met, self._met = self._met, LayerCosts()
        met.outputs = self.size**2 * self.channels
        return met

    def kept(self, size=None, channels=None):
        self._met.kept += (size or self.size) ** 2 * (channels or self.channels)

    def conv(self, layer):
        kernel, filters = layer.kernel_size[0], layer.filters
        if layer.padding == "valid" and kernel > 1:
            self.kept(self.size + kernel - 1)  # the padded input
        self.size = -(-self.size // layer.strides[0])
        weights = kernel**2 * self.channels * filters
        self.channels = filters
        self._met.parameters += weights + layer.use_bias * filters
        self._met.multiplications += weights * self.size**2

    def norm(self, affine=2):
        self.kept()
        self._met.parameters += affine * self.channels
        self._met.norms.append(self.channels)

    def conv_bn(self, layer):
        self.conv(layer.conv)
        self.norm()
        if layer.relu:
            self.kept()

    def stem(self, stem):
        for layer in stem.before:
            self.conv_bn(layer)
        self.conv(stem.conv)
        self.norm()
        self.kept()
        if stem.pool:
            self.size = -(-self.size // 2)
            self.kept()

    def block(self, block):
        start = self.size, self.channels
        if block.shortcut is not None:
            self.shortcut(block.shortcut)
        self.size, self.channels = start
        for layer in block.branch:
            if hasattr(layer, "streams"):
                self.selective_kernel(layer)
            else:
                self.conv_bn(layer)
        if block.excite is not None:
            self.squeeze_excite(block.excite)
        self.kept()

    def shortcut(self, shortcut):
        if shortcut.resnet_d or shortcut.strides > 1:
            self.size = -(-self.size // shortcut.strides)
            self.kept()
        self.conv_bn(shortcut.project)

    def selective_kernel(self, layer):
        self.conv_bn(layer.streams)
        self.kept()  # both streams, stacked
        size = self.size
        self.channels //= 2
        self.size = 1
        self.conv_bn(layer.squeeze)
        self.conv(layer.mix)
        self.size = size
        self.channels //= 2
        self.kept()

    def squeeze_excite(self, layer):
        self.kept()
        size, self.size = self.size, 1
        self.conv(layer.reduce)
        self.conv(layer.expand)
        self.size = size

    def head(self, head):
        self.size = 1
        for layer in head.layers:
            weights = self.channels * layer.dense.units
            self._met.parameters += weights
            self._met.multiplications += weights
            self.channels = layer.dense.units
            self.norm(1 if layer.last else 2)
            self.kept()
