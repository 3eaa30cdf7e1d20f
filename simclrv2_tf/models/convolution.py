"""Convolution and normalization, and layers that are made of layers.

Every composite lists its sublayers in `parts`, in the order in which the
original release created its variables. That order is what the names in a TF1
checkpoint number (`conv2d`, `conv2d_1`, …), so `leaves` is all that it takes
to name a network's variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import TypeAlias

import keras
import tensorflow as tf

from simclrv2_tf.models import filter_gradient
from simclrv2_tf.models.normalization import BatchNorm

# Of a tensor: None where a side is not known.
Shape: TypeAlias = tuple[Any, ...]


class Composite(keras.layers.Layer):
    """A layer made of other layers, listed in creation order in `parts`.

    Each kind builds its parts from the shape of its input. Keras could find
    the shapes by itself: it calls a layer once to build it and once more to
    use it, at every depth, and takes three times as long. Those that a model
    is put together of tell the shapes of what they give, too: Keras would call
    them once more to see.
    """

    @property
    def parts(self) -> list[keras.layers.Layer]:
        raise NotImplementedError

    def leaves(self) -> Iterator[keras.layers.Layer]:
        """Yields the convolutions and normalizations in creation order."""
        for part in self.parts:
            if isinstance(part, Composite):
                yield from part.leaves()
            else:
                yield part


def build_in_turn(
    layers: Sequence[keras.layers.Layer], input_shape: Shape
) -> Shape:
    """Builds layers that each take what the one before gives.

    Returns:
      Shape of what the last one gives.
    """
    for layer in layers:
        layer.build(input_shape)
        input_shape = layer.compute_output_shape(input_shape)
    return input_shape


@keras.saving.register_keras_serializable("simclrv2_tf")
class Conv2D(keras.layers.Conv2D):
    """A convolution padded by the kernel size alone, whatever the input size.

    With stride 1 this is "same" padding. With a larger stride TensorFlow's
    "same" would depend on the input size; here (k - 1) // 2 zeros come before
    and the rest after, as in the original release.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        use_bias: bool = False,
        **kw: Any,
    ) -> None:
        initializer = keras.initializers.VarianceScaling()
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=kw.pop("padding", "same" if strides == 1 else "valid"),
            use_bias=use_bias,
            kernel_initializer=kw.pop("kernel_initializer", initializer),
            **kw,
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.padding == "valid" and self.kernel_size[0] > 1:
            total = self.kernel_size[0] - 1
            sides = (total // 2, total - total // 2)
            inputs = tf.pad(inputs, [[0, 0], sides, sides, [0, 0]])
        return super().call(inputs)

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        kernel = tf.convert_to_tensor(kernel)  # in the precision of the layer
        plain = self.padding == "same" and self.strides[0] == 1
        if plain and filter_gradient.is_slow(inputs, kernel):
            return filter_gradient.convolve(inputs, kernel)
        return super().convolution_op(inputs, kernel)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        size = [s and -(-s // self.strides[0]) for s in input_shape[1:3]]
        return (input_shape[0], *size, self.filters)


class ConvBN(Composite):
    """Convolution, batch normalization and, if asked, ReLU.

    Args:
      filters: Output channels.
      kernel_size: Side of the square kernel in pixels.
      strides: Step in pixels.
      relu: Whether a ReLU follows.
      zero_gamma: Start the normalization at zero, so that a residual branch
        starts as nothing.
      batch_norm_decay: Momentum of the moving statistics.
      global_bn: Whether moments are taken over all replicas.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        relu: bool = True,
        zero_gamma: bool = False,
        batch_norm_decay: float = 0.9,
        global_bn: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.relu = relu
        self.conv = Conv2D(filters, kernel_size, strides, name="conv")
        self.norm = BatchNorm(
            momentum=batch_norm_decay,
            synchronized=global_bn,
            gamma_initializer="zeros" if zero_gamma else "ones",
            name="norm",
        )

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.conv, self.norm]

    def build(self, input_shape: Shape) -> None:
        build_in_turn(self.parts, input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.conv.compute_output_shape(input_shape)

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        outputs = self.norm(self.conv(inputs), training=training)
        return tf.nn.relu(outputs) if self.relu else outputs
