"""Residual networks from images to named endpoints."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclrv2_tf.models.blocks import BasicBlock
from simclrv2_tf.models.blocks import BottleneckBlock
from simclrv2_tf.models.blocks import ResidualBlock
from simclrv2_tf.models.convolution import Composite
from simclrv2_tf.models.convolution import Conv2D
from simclrv2_tf.models.convolution import ConvBN
from simclrv2_tf.models.convolution import Shape
from simclrv2_tf.models.convolution import build_in_turn
from simclrv2_tf.models.normalization import BatchNorm
from simclrv2_tf.models.remat import rematerialize

# Depth -> kind of block, blocks in each of the four groups (He et al. 2016).
DEPTHS = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (BottleneckBlock, (3, 4, 6, 3)),
    101: (BottleneckBlock, (3, 4, 23, 3)),
    152: (BottleneckBlock, (3, 8, 36, 3)),
    200: (BottleneckBlock, (3, 24, 36, 3)),
}
# Where frozen normalizations have their moments from.
MOVING, BATCH = "moving", "batch"
SMALL_IMAGE = 32  # up to this side in pixels: 3×3 stem, no pooling


def base_filters(width_multiplier: float) -> int:
    """Channels of the first block group: 64 times the width.

    Raises:
      ValueError: If the width is no positive multiple of 1/32, for which the
        channels of every layer would not be whole numbers.
    """
    half = 32 * width_multiplier
    if half < 1 or half != int(half):
        raise ValueError(
            "`width_multiplier` must be a positive multiple of 1/32, such as "
            f"0.25, 1 or 2. Received: width_multiplier={width_multiplier}"
        )
    return 2 * int(half)


def check_depth(depth: int) -> None:
    """Raises a ValueError for a depth that is none of `DEPTHS`."""
    if depth not in DEPTHS:
        raise ValueError(
            f"`resnet_depth` must be one of {list(DEPTHS)}. "
            f"Received: resnet_depth={depth}"
        )


class Stem(Composite):
    """First convolutions and pooling.

    Args:
      filters: Output channels.
      kind: "small" (one 3×3 convolution, no pooling), "plain" (7×7 of
        stride 2, max pooling) or "resnet_d" (three 3×3 convolutions, the
        first of stride 2, max pooling).
      input_scaling: Layer that images go through first, None for none.
      **norm: `batch_norm_decay` and `global_bn`, see `ConvBN`.
    """

    def __init__(
        self,
        filters: int,
        kind: str,
        batch_norm_decay: float = 0.9,
        global_bn: bool = True,
        input_scaling: keras.layers.Layer | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.pool = kind != "small"
        norm: dict[str, Any] = {
            "batch_norm_decay": batch_norm_decay,
            "global_bn": global_bn,
        }
        self.before: list[ConvBN] = []
        self.input_scaling = input_scaling
        if kind == "resnet_d":
            self.before = [
                ConvBN(filters // 2, 3, 2, name="conv_1", **norm),
                ConvBN(filters // 2, 3, name="conv_2", **norm),
            ]
        kernel, step = {"small": (3, 1), "plain": (7, 2), "resnet_d": (3, 1)}[
            kind
        ]
        self.conv = Conv2D(filters, kernel, step, name="conv")
        self.norm = BatchNorm(
            momentum=batch_norm_decay, synchronized=global_bn, name="norm"
        )

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [*self.before, self.conv, self.norm]

    def build(self, input_shape: Shape) -> None:
        if self.input_scaling is not None:
            self.input_scaling.build(input_shape)
        build_in_turn(self.parts, input_shape)

    def compute_output_shape(self, input_shape: Shape) -> dict[str, Shape]:
        layers: list[keras.layers.Layer] = [*self.before, self.conv]
        for layer in layers:
            input_shape = layer.compute_output_shape(input_shape)
        batch, *size, filters = input_shape
        step = 2 if self.pool else 1
        pooled = [side and -(-side // step) for side in size]
        return {
            "initial_conv": input_shape,
            "initial_max_pool": (batch, *pooled, filters),
        }

    def scaled(self, images: tf.Tensor) -> tf.Tensor:
        """Images as the first convolution takes them."""
        return self.input_scaling(images) if self.input_scaling else images

    def call(
        self, images: tf.Tensor, training: bool | None = None
    ) -> dict[str, tf.Tensor]:
        outputs = self.scaled(images)
        for layer in self.before:
            outputs = layer(outputs, training=training)
        initial_conv = self.conv(outputs)
        outputs = tf.nn.relu(self.norm(initial_conv, training=training))
        if self.pool:
            outputs = tf.nn.max_pool2d(outputs, 3, 2, "SAME")
        return {"initial_conv": initial_conv, "initial_max_pool": outputs}


class BlockGroup(Composite):
    """Blocks of one width; the first projects and may take a larger step."""

    def __init__(
        self,
        block: type[ResidualBlock],
        blocks: int,
        filters: int,
        strides: int,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name=name)
        self.blocks = [
            block(
                filters,
                strides=strides if index == 0 else 1,
                project=index == 0,
                name=f"block_{index + 1}",
                **options,
            )
            for index in range(blocks)
        ]

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return self.blocks

    def build(self, input_shape: Shape) -> None:
        build_in_turn(self.blocks, input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        for block in self.blocks:
            input_shape = block.compute_output_shape(input_shape)
        return input_shape

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        for block in self.blocks:
            inputs = block(inputs, training=training)
        return inputs


class ResNet(Composite):
    """ResNet v1 with the step on the 3×3 convolution, SK and SE.

    Args:
      depth: One of 18, 34, 50, 101, 152, 200.
      width_multiplier: Times the channels of every layer, a multiple of 1/32.
      sk_ratio: Above 0, selective kernels with ResNet-D stem and shortcuts;
        0.0625 in the published networks.
      se_ratio: Above 0, squeeze-and-excite.
      image_size: Side of the images in pixels that the stem is chosen for:
        up to 32 it neither strides nor pools.
      batch_norm_decay: Momentum of the moving statistics.
      global_bn: Whether moments are taken over all replicas.
      input_scaling: Layer that images go through first, None for none.

    Returns:
      From images (batch, height, width, channels) the dictionary of
      `initial_conv`, `initial_max_pool`, `block_group1` … `block_group4`
      (batch, height', width', channels') and `final_avg_pool`
      (batch, features).

    With the attribute `remat` set to True, training keeps only the outputs
    of block groups for the backward pass and makes the rest again.
    """

    def __init__(
        self,
        depth: int = 50,
        width_multiplier: float = 1,
        sk_ratio: float = 0.0,
        se_ratio: float = 0.0,
        image_size: int = 224,
        batch_norm_decay: float = 0.9,
        global_bn: bool = True,
        input_scaling: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_depth(depth)
        filters = base_filters(width_multiplier)
        block, counts = DEPTHS[depth]
        norm: dict[str, Any] = {
            "batch_norm_decay": batch_norm_decay,
            "global_bn": global_bn,
        }
        kind = "resnet_d" if sk_ratio > 0 else "plain"
        kind = "small" if image_size <= SMALL_IMAGE else kind
        self.stem = Stem(
            filters, kind, input_scaling=input_scaling, name="stem", **norm
        )
        self.groups = [
            BlockGroup(
                block,
                count,
                filters * 2**index,
                strides=1 if index == 0 else 2,
                sk_ratio=sk_ratio,
                se_ratio=se_ratio,
                name=f"block_group{index + 1}",
                **norm,
            )
            for index, count in enumerate(counts)
        ]
        self.feature_dim = filters * 8 * block.expansion
        self.remat = False

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.stem, *self.groups]

    def build(self, input_shape: Shape) -> None:
        self.stem.build(input_shape)
        filters = self.stem.conv.filters
        build_in_turn(self.groups, (None, None, None, filters))

    def compute_output_shape(self, input_shape: Shape) -> dict[str, Shape]:
        shapes = self.stem.compute_output_shape(input_shape)
        last = shapes["initial_max_pool"]
        for index, group in enumerate(self.groups):
            last = group.compute_output_shape(last)
            shapes[f"block_group{index + 1}"] = last
        return {**shapes, "final_avg_pool": (last[0], last[-1])}

    def call(
        self, images: tf.Tensor, training: bool | None = None
    ) -> dict[str, tf.Tensor]:
        endpoints = self.stem(images, training=training)
        outputs = endpoints["initial_max_pool"]
        for index, group in enumerate(self.groups):
            if self.remat and training:
                outputs = rematerialize(group, outputs, training=training)
            else:
                outputs = group(outputs, training=training)
            endpoints[f"block_group{index + 1}"] = outputs
        endpoints["final_avg_pool"] = tf.reduce_mean(outputs, [1, 2])
        return endpoints

    def freeze(self, after_block: int, batch_norm: str = MOVING) -> None:
        """Leaves the stem and the first `after_block` groups untrained.

        Args:
          after_block: -1 freezes nothing, 0 the stem, 1 to 4 the stem and so
            many block groups.
          batch_norm: "moving" has frozen normalizations use and keep their
            moving statistics, "batch" use the batch's moments and advance
            the statistics, as the original release's tf2 code does.

        Raises:
          ValueError: If there are not so many groups, or `batch_norm` is
            another.
        """
        if not -1 <= after_block <= len(self.groups):
            raise ValueError(
                "`fine_tune_after_block` must be from -1 (train all) to 4 "
                f"(train the head alone). Received: {after_block}"
            )
        if batch_norm not in (MOVING, BATCH):
            raise ValueError(
                f"`frozen_batch_norm` must be one of {[MOVING, BATCH]}. "
                f"Received: frozen_batch_norm={batch_norm!r}"
            )
        for part in self.parts[: after_block + 1]:
            part.trainable = False
            for leaf in part.leaves():
                if isinstance(leaf, BatchNorm):
                    leaf.batch_moments_when_frozen = batch_norm == BATCH
