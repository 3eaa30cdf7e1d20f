"""Projection head and supervised head."""

import keras
import tensorflow as tf

from simclrv2_tf.models.convolution import Composite
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

    def __init__(self, units, last, batch_norm_decay, global_bn, name=None):
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
    def parts(self):
        return [self.dense, self.norm]

    def build(self, input_shape):
        build_in_turn(self.parts, input_shape)

    def compute_output_shape(self, input_shape):
        return self.dense.compute_output_shape(input_shape)

    def call(self, inputs, training=None):
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
        mode="nonlinear",
        num_layers=3,
        width=2048,
        out_dim=128,
        batch_norm_decay=0.9,
        global_bn=True,
        **kwargs,
    ):
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
    def parts(self):
        return self.layers

    def build(self, input_shape):
        build_in_turn(self.layers, input_shape)

    def compute_output_shape(self, input_shape):
        shapes = [input_shape]
        for layer in self.layers:
            shapes.append(layer.compute_output_shape(shapes[-1]))
        return shapes

    def call(self, inputs, training=None):
        hidden = [inputs]
        for layer in self.layers:
            hidden.append(layer(hidden[-1], training=training))
        return hidden


class SupervisedHead(Composite):
    """Linear classifier: (batch, features) to logits (batch, num_classes)."""

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.linear = _dense(num_classes, True, "linear")

    @property
    def parts(self):
        return [self.linear]

    def build(self, input_shape):
        self.linear.build(input_shape)

    def compute_output_shape(self, input_shape):
        return self.linear.compute_output_shape(input_shape)

    def call(self, inputs):
        return self.linear(inputs)

    def set(self, kernel, bias):
        """Starts the classifier from (features, classes) and (classes,)."""
        self.linear.kernel.assign(kernel)
        self.linear.bias.assign(bias)

    def set_zero(self):
        """Starts the classifier from zero weights."""
        for variable in self.variables:
            variable.assign(tf.zeros(variable.shape, variable.dtype))
