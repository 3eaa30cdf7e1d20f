"""What a residual network is made of: SK, SE, shortcuts, residual blocks."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from simclrv2_tf.models.convolution import Composite
from simclrv2_tf.models.convolution import Conv2D
from simclrv2_tf.models.convolution import ConvBN
from simclrv2_tf.models.convolution import Shape
from simclrv2_tf.models.convolution import build_in_turn

SK_MIN_CHANNELS = 32  # lower bound of the SK bottleneck, original release


class SelectiveKernel(Composite):
    """Two 3×3 streams, mixed per channel by what the image shows (SK).

    Li et al. 2019, in the form of the original release: both streams have
    3×3 kernels and come out of one convolution.

    Args:
      filters: Channels of each stream and of the output.
      strides: Step of the 3×3 convolution in pixels.
      sk_ratio: Channels of the mixing bottleneck as a share of `filters`.
      **norm: `batch_norm_decay` and `global_bn`, see `ConvBN`.
    """

    def __init__(
        self,
        filters: int,
        strides: int,
        sk_ratio: float,
        name: str | None = None,
        **norm: Any,
    ) -> None:
        super().__init__(name=name)
        middle = max(int(filters * sk_ratio), SK_MIN_CHANNELS)
        self.streams = ConvBN(2 * filters, 3, strides, name="streams", **norm)
        self.squeeze = ConvBN(middle, 1, name="squeeze", **norm)
        self.mix = Conv2D(2 * filters, 1, name="mix")

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.streams, self.squeeze, self.mix]

    def build(self, input_shape: Shape) -> None:
        self.streams.build(input_shape)
        *_, filters = self.compute_output_shape(input_shape)
        build_in_turn([self.squeeze, self.mix], (None, 1, 1, filters))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        *size, both = self.streams.compute_output_shape(input_shape)
        return (*size, both // 2)

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        streams = tf.stack(
            tf.split(self.streams(inputs, training=training), 2, axis=-1)
        )  # (2, batch, height, width, filters)
        mean = tf.reduce_mean(tf.reduce_sum(streams, 0), [1, 2], keepdims=True)
        mixing = self.mix(self.squeeze(mean, training=training))
        mixing = tf.stack(tf.split(mixing, 2, axis=-1))
        return tf.reduce_sum(streams * tf.nn.softmax(mixing, axis=0), axis=0)


class SqueezeExcite(Composite):
    """Scales each channel by a gate that has seen the whole image (SE).

    Args:
      channels: Channels in and out.
      filters: Width of the block, the base of the bottleneck.
      se_ratio: Channels of the bottleneck as a share of `filters`.
    """

    def __init__(
        self, channels: int, filters: int, se_ratio: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        middle = max(1, int(filters * se_ratio))
        self.reduce = Conv2D(middle, 1, use_bias=True, name="reduce")
        self.expand = Conv2D(channels, 1, use_bias=True, name="expand")

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.reduce, self.expand]

    def build(self, input_shape: Shape) -> None:
        build_in_turn(self.parts, (None, 1, 1, input_shape[-1]))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        mean = tf.reduce_mean(inputs, [1, 2], keepdims=True)
        gate = self.expand(tf.nn.relu(self.reduce(mean)))
        return tf.sigmoid(gate) * inputs


class Shortcut(Composite):
    """Brings a block's input to the shape of its output.

    Args:
      filters: Output channels.
      strides: Step in pixels.
      resnet_d: Average before a 1×1 convolution (ResNet-D), and not
        to take every `strides`-th pixel.
      **norm: `batch_norm_decay` and `global_bn`, see `ConvBN`.
    """

    def __init__(
        self,
        filters: int,
        strides: int,
        resnet_d: bool,
        name: str | None = None,
        **norm: Any,
    ) -> None:
        super().__init__(name=name)
        self.strides = strides
        self.resnet_d = resnet_d
        self.project = ConvBN(filters, 1, 1, relu=False, name="project", **norm)

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.project]

    def build(self, input_shape: Shape) -> None:
        self.project.build(input_shape)

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        if self.resnet_d:
            inputs = self._average(inputs)
        elif self.strides > 1:
            # What a strided 1×1 convolution reads. TensorFlow 2.21's own, on
            # the CPU, writes past its memory at odd batches of few channels;
            # a slice takes five times as long as the mean of each one pixel.
            inputs = tf.nn.avg_pool2d(inputs, 1, self.strides, "VALID")
        return self.project(inputs, training=training)

    def _average(self, inputs):
        if self.strides == 1:  # the mean leaves the padding out
            return tf.nn.avg_pool2d(inputs, 2, 1, "SAME")
        inputs = tf.pad(inputs, [[0, 0], [0, 1], [0, 1], [0, 0]])
        return tf.nn.avg_pool2d(inputs, 2, self.strides, "VALID")


class ResidualBlock(Composite):
    """relu(shortcut(x) + branch(x)); the kinds below differ in the branch.

    Args:
      filters: Width of the block; the output has `filters * expansion`.
      strides: Step of the spatial convolution in pixels.
      project: Whether the shortcut is a projection (first block of a group).
      sk_ratio: Above 0, ResNet-D shortcuts and selective kernels.
      se_ratio: Above 0, squeeze-and-excite at the end of the branch.
      **norm: `batch_norm_decay` and `global_bn`, see `ConvBN`.
    """

    expansion: int  # output channels over those of the block

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        project: bool = False,
        sk_ratio: float = 0.0,
        se_ratio: float = 0.0,
        name: str | None = None,
        **norm: Any,
    ) -> None:
        super().__init__(name=name)
        out = filters * self.expansion
        self.shortcut = None
        if project:
            self.shortcut = Shortcut(
                out, strides, sk_ratio > 0, name="shortcut", **norm
            )
        self.branch = self._make_branch(filters, strides, sk_ratio, norm)
        self.excite = None
        if se_ratio > 0:
            self.excite = SqueezeExcite(out, filters, se_ratio, name="excite")

    @property
    def parts(self) -> list[keras.layers.Layer]:
        ends = [self.shortcut, *self.branch, self.excite]
        return [part for part in ends if part is not None]

    def build(self, input_shape: Shape) -> None:
        if self.shortcut is not None:
            self.shortcut.build(input_shape)
        outputs = build_in_turn(self.branch, input_shape)
        if self.excite is not None:
            self.excite.build(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.branch:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        shortcut = inputs
        if self.shortcut is not None:
            shortcut = self.shortcut(inputs, training=training)
        outputs = inputs
        for layer in self.branch:
            outputs = layer(outputs, training=training)
        if self.excite is not None:
            outputs = self.excite(outputs)
        return tf.nn.relu(outputs + shortcut)


class BasicBlock(ResidualBlock):
    """Two 3×3 convolutions (depth 18 and 34)."""

    expansion = 1

    def _make_branch(self, filters, strides, sk_ratio, norm):
        del sk_ratio  # selective kernels live in bottlenecks alone
        last = {"relu": False, "zero_gamma": True, "name": "conv_2", **norm}
        return [
            ConvBN(filters, 3, strides, name="conv_1", **norm),
            ConvBN(filters, 3, **last),
        ]


class BottleneckBlock(ResidualBlock):
    """1×1, 3×3 (or selective kernels) and 1×1 convolutions (depth 50 on)."""

    expansion = 4

    def _make_branch(self, filters, strides, sk_ratio, norm):
        if sk_ratio > 0:
            spatial = SelectiveKernel(
                filters, strides, sk_ratio, name="conv_2", **norm
            )
        else:
            spatial = ConvBN(filters, 3, strides, name="conv_2", **norm)
        last = {"relu": False, "zero_gamma": True, "name": "conv_3", **norm}
        return [
            ConvBN(filters, 1, name="conv_1", **norm),
            spatial,
            ConvBN(filters * self.expansion, 1, **last),
        ]
