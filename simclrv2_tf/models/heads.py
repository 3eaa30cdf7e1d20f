"""Projection head and supervised head."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.models.convolution import Composite
from simclrv2_tf.models.convolution import Shape
from simclrv2_tf.models.convolution import build_in_turn
from simclrv2_tf.models.normalization import BatchNorm

MODES = ("none", "linear", "nonlinear")


def _dense(units, use_bias, name):
    return keras.layers.Dense(
        units,
        use_bias=use_bias,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
        name=name,
    )


class ProjectionLayer(Composite):
    """Dense without bias, batch normalization and, if asked, ReLU.

    Args:
      units: Output features.
      last: The last layer of the head has no ReLU and no `beta`.
      batch_norm_decay: Momentum of the moving statistics.
      global_bn: Whether moments are taken over all replicas.
    """

    def __init__(
        self,
        units: int,
        last: bool,
        batch_norm_decay: float,
        global_bn: bool,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.last = last
        self.dense = _dense(units, False, "dense")
        self.norm = BatchNorm(
            momentum=batch_norm_decay,
            synchronized=global_bn,
            center=not last,
            name="norm",
        )

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.dense, self.norm]

    def build(self, input_shape: Shape) -> None:
        build_in_turn(self.parts, input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.dense.compute_output_shape(input_shape)

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        outputs = self.norm(self.dense(inputs), training=training)
        return outputs if self.last else tf.nn.relu(outputs)


class ProjectionHead(Composite):
    """Maps features to the space where the contrastive loss compares them.

    Args:
      mode: "none" (identity), "linear" (one layer) or "nonlinear".
      num_layers: Layers of the nonlinear head, at least 1.
      width: Features of the hidden layers, those of the input.
      out_dim: Features of the last layer.
      batch_norm_decay: Momentum of the moving statistics.
      global_bn: Whether moments are taken over all replicas.

    Returns:
      From (batch, width) the list [input, layer 1, …, output], hidden layers
      after their ReLU, which `ft_proj_selector` indexes.
    """

    def __init__(
        self,
        mode: str = "nonlinear",
        num_layers: int = 3,
        width: int = 2048,
        out_dim: int = 128,
        batch_norm_decay: float = 0.9,
        global_bn: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(
                f"`proj_head_mode` must be one of {list(MODES)}. "
                f"Received: proj_head_mode={mode!r}"
            )
        if num_layers < 1:
            raise ValueError(
                "`num_proj_layers` must be at least 1; for no head give "
                f"proj_head_mode='none'. Received: {num_layers}"
            )
        count = {"none": 0, "linear": 1}.get(mode, num_layers)
        prefix = "l" if mode == "linear" else "nl"
        self.layers = [
            ProjectionLayer(
                out_dim if index == count - 1 else width,
                index == count - 1,
                batch_norm_decay,
                global_bn,
                name=f"{prefix}_{index}",
            )
            for index in range(count)
        ]

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return self.layers

    def build(self, input_shape: Shape) -> None:
        build_in_turn(self.layers, input_shape)

    def compute_output_shape(self, input_shape: Shape) -> list[Shape]:
        shapes = [input_shape]
        for layer in self.layers:
            shapes.append(layer.compute_output_shape(shapes[-1]))
        return shapes

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> list[tf.Tensor]:
        hidden = [inputs]
        for layer in self.layers:
            hidden.append(layer(hidden[-1], training=training))
        return hidden


class SupervisedHead(Composite):
    """Linear classifier: (batch, features) to logits (batch, num_classes)."""

    def __init__(self, num_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.linear = _dense(num_classes, True, "linear")

    @property
    def parts(self) -> list[keras.layers.Layer]:
        return [self.linear]

    def build(self, input_shape: Shape) -> None:
        self.linear.build(input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.linear.compute_output_shape(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self.linear(inputs)

    def set(
        self, kernel: tf.Tensor | np.ndarray, bias: tf.Tensor | np.ndarray
    ) -> None:
        """Starts the classifier from (features, classes) and (classes,)."""
        self.linear.kernel.assign(kernel)
        self.linear.bias.assign(bias)

    def set_zero(self) -> None:
        """Starts the classifier from zero weights."""
        for variable in self.variables:
            variable.assign(tf.zeros(variable.shape, variable.dtype))
