"""Any Keras network in the place of the residual one: images to features."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.models.convolution import Shape
from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models.keras_pixels import pixel_scaling

_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
_COUNTED = re.compile(r"(variable)_\d+")  # one that has no name of its own
# Of their start, a variance of 1, that moving statistics may hold in the end.
# True variances of depthwise convolutions are some hundredths: 1 % left of the
# start cost MobileNetV3Small 42 of 55 points after 1,000 steps on the digits.
LEFT = 1e-5
ALL = 4  # `fine_tune_after_block` that trains the head alone


class KerasBackbone(keras.layers.Layer):
    """Scales images in [0, 1] as a network expects them, and calls it.

    Feature maps are averaged over their pixels. Batch normalization takes its
    moments over all replicas and keeps its own momentum.

    Args:
      model: A `keras.Model` from one image tensor (batch, height, width,
        channels) to features (batch, features) or a feature map (batch,
        height', width', features).
      scaling: Function from images in [0, 1] to what it expects.
      image_size: Side in pixels of the images that it will get.
      channels: Of the images.

    Returns:
      Dictionary of `final_avg_pool`, (batch, features).

    Raises:
      ValueError: If the model takes or gives something else.
    """

    remat = False

    def __init__(
        self,
        model: keras.Model,
        scaling: Callable[[tf.Tensor], tf.Tensor],
        image_size: int,
        channels: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        check_images(model, image_size, channels)
        _check_features(model)
        self.model = model
        self.scaling = scaling
        self.lowered: tuple[float, float] | None = None
        for layer in self._norms():  # one replica has Keras's better moments
            layer.synchronized = distribution.num_replicas() > 1

    @property
    def feature_dim(self) -> int:
        """Features of an image, which a head takes."""
        return self.model.outputs[0].shape[-1]

    @property
    def noise(self) -> list[keras.Variable]:
        """The states of what is random in it, such as dropout: variables.

        They are not weights: training sets them in each step.
        """
        weights = {id(variable) for variable in self.model.weights}
        return [v for v in self.model.variables if id(v) not in weights]

    def leaves(self) -> Iterator[keras.layers.Layer]:
        """Yields the layers that have weights of their own, once each."""
        for layer, _ in own_weights(self.model):
            yield layer

    @property
    def with_constants(self) -> list[keras.layers.Layer]:
        """Layers that make constants of their variables."""
        return [
            each for each in self.leaves() if hasattr(each, "finalize_state")
        ]

    def named_variables(self) -> dict[str, keras.Variable]:
        """{"Conv2D_1/kernel": variable}: layers numbered kind by kind.

        Their own names may hold counts of all layers of a process, as those
        of Xception do, and would be others the next time.
        """
        counts: dict[str, int] = {}
        named: dict[str, keras.Variable] = {}
        for layer, variables in own_weights(self.model):
            kind = type(layer).__name__
            number = counts[kind] = counts.get(kind, -1) + 1
            scope = f"{kind}_{number}" if number else kind
            for variable in variables:
                name = _COUNTED.sub(r"\1", variable.name)
                named[_free(f"{scope}/{name}", named)] = variable
        return named

    def freeze(self, after_block: int, batch_norm: str = "moving") -> None:
        """Leaves all of it untrained, or nothing.

        Args:
          after_block: -1 or 4; what a block is only the ResNets know.
          batch_norm: "moving": frozen normalizations use and keep their
            moving statistics.

        Raises:
          ValueError: If one of them is another.
        """
        if after_block not in (-1, ALL) or batch_norm != "moving":
            raise ValueError(
                "`fine_tune_after_block` of a Keras backbone must be -1 "
                f"(train all) or {ALL} (train the head alone), and "
                "`frozen_batch_norm` 'moving'. Received: "
                f"fine_tune_after_block={after_block}, "
                f"frozen_batch_norm={batch_norm!r}"
            )
        if after_block == ALL:
            self.model.trainable = False

    def settle_statistics(self, steps: int) -> None:
        """Lowers momenta that are too high for statistics to settle in time.

        Moving statistics hold momentum ** steps of what they began with, so
        that a network with a momentum of 0.999 answers at chance after 1,000
        steps. Sets `lowered`: the largest momentum there was and the one that
        leaves `LEFT` of the start, None where all leave less.

        Args:
          steps: Of training, 1 or more.
        """
        most = LEFT ** (1 / steps)
        high = [norm for norm in self._norms() if norm.momentum > most]
        self.lowered = high and (max(n.momentum for n in high), most) or None
        for norm in high:
            norm.momentum = most

    def compute_output_shape(self, input_shape: Shape) -> dict[str, Shape]:
        return {"final_avg_pool": (input_shape[0], self.feature_dim)}

    def call(
        self, images: tf.Tensor, training: bool | None = None
    ) -> dict[str, tf.Tensor]:
        images = tf.cast(images, self.variable_dtype)
        scaled = as_taken(self.model, self.scaling(images))
        outputs = self.model(scaled, training=training)
        if len(outputs.shape) == 4:
            outputs = tf.reduce_mean(outputs, [1, 2])
        return {"final_avg_pool": outputs}

    def _norms(self):
        kind = keras.layers.BatchNormalization
        return [leaf for leaf in self.leaves() if isinstance(leaf, kind)]


def make_keras_backbone(
    backbone: str | keras.Model,
    pixels: str | None,
    image_size: int,
    channels: int,
    **kwargs: Any,
) -> tuple[KerasBackbone, str]:
    """A `KerasBackbone`, and the text that it is made again from.

    Args:
      backbone: A specification, see `keras_spec`, or a `keras.Model`.
      pixels: See `keras_pixels`.
      image_size: See `KerasBackbone`.
      channels: See there.
      **kwargs: Of the layer.
    """
    model = backbone
    if not isinstance(backbone, keras.Model):
        model = keras_build.build(backbone, image_size, channels)
    text = keras_build.canonical(backbone, model)
    scaling = pixel_scaling(text, pixels, channels, "backbone_pixels")
    return KerasBackbone(model, scaling, image_size, channels, **kwargs), text


def check_options(
    input_mean: str | Sequence[float] | None,
    input_std: str | Sequence[float] | None,
    global_bn: bool,
) -> None:
    """Raises a ValueError for options of `Network` that ResNets alone have."""
    if input_mean is not None or input_std is not None:
        raise ValueError(
            "A Keras backbone scales pixels by itself: set the pixel range "
            "with `backbone_pixels`, and leave input_mean and input_std unset. "
            f"Received: input_mean={input_mean}, input_std={input_std}"
        )
    if not global_bn:
        raise ValueError(
            "A Keras backbone takes the moments of its normalization over all "
            "replicas: leave global_bn=True. Received: global_bn=False"
        )


def kernels(layer: keras.layers.Layer) -> list[keras.Variable]:
    """The kernels of a layer, those of separable convolutions too."""
    return [getattr(layer, n) for n in _KERNELS if hasattr(layer, n)]


def own_weights(
    model: keras.Model,
) -> Iterator[tuple[keras.layers.Layer, list[keras.Variable]]]:
    """Yields each layer with weights of its own, and these."""
    seen: set[int] = set()
    for layer in model._flatten_layers(include_self=True):
        below = layer._flatten_layers(include_self=False)
        inner = {id(v) for part in below for v in part.weights}
        own = [v for v in layer.weights if id(v) not in inner | seen]
        seen.update(map(id, own))
        if own:
            yield layer, own


def as_taken(model: keras.Model, images: tf.Tensor) -> tf.Tensor:
    """Images whose size is known where the model takes one alone."""
    return tf.ensure_shape(images, (None, *model.inputs[0].shape[1:]))


def check_images(model: keras.Model, image_size: int, channels: int) -> None:
    """Raises a ValueError unless a model takes such images, and they alone."""
    inputs = getattr(model, "inputs", None) or []
    shape: Shape = inputs[0].shape if len(inputs) == 1 else ()
    if len(shape) != 4 or not getattr(model, "outputs", None):
        raise ValueError(
            "A network must be a functional or Sequential keras.Model from "
            "one tensor of images (batch, height, width, channels). Received: "
            f"{model.name!r} with inputs {[i.shape for i in inputs]}"
        )
    given = (image_size, image_size, channels)
    if any(a not in (None, b) for a, b in zip(shape[1:], given, strict=True)):
        height, width, depth = shape[1:]
        raise ValueError(
            f"{model.name!r} takes images of {height}×{width} pixels and "
            f"{depth} channels. Received: image_size={image_size}, "
            f"channels={channels}"
        )


def _check_features(model):
    shapes = [output.shape for output in model.outputs]
    shape = shapes[0]
    if len(shapes) > 1 or len(shape) not in (2, 4) or shape[-1] is None:
        raise ValueError(
            "A backbone must give one tensor of features, (batch, features) "
            f"or (batch, height, width, features). Received: {model.name!r} "
            f"with outputs {shapes}"
        )
    activation = getattr(model.layers[-1], "activation", None)
    if activation is keras.activations.softmax:
        raise ValueError(
            "A backbone must give features, on which a head is put. Received: "
            f"{model.name!r}, which gives probabilities: cut it off with "
            "keras.Model(model.inputs, model.layers[-2].output)"
        )


def _free(name, taken):
    """The name, numbered where a layer has several variables of it."""
    number, free = 1, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
