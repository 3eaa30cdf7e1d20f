"""Any Keras classifier as a teacher: images to logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf.models.keras_models import keras_build
from simclrv2_tf.models.keras_models import keras_imagenet_files
from simclrv2_tf.models.keras_models.keras_backbone import as_taken
from simclrv2_tf.models.keras_models.keras_backbone import check_images
from simclrv2_tf.models.keras_models.keras_pixels import pixel_scaling
from simclrv2_tf.models.keras_models.keras_spec import KERAS
from simclrv2_tf.models.keras_models.keras_spec import KERAS_HUB
from simclrv2_tf.models.keras_models.keras_spec import OF_CLASSIFIERS
from simclrv2_tf.models.keras_models.keras_spec import SETTLED
from simclrv2_tf.models.keras_models.keras_spec import constructor
from simclrv2_tf.models.keras_models.keras_spec import parse

_TRIED = 224  # pixels of the images that a network of any size is tried on
_WITHOUT_FILE = (None, "imagenet")  # `weights` of a constructor
_LEAST = 1e-30  # of a probability, whose logarithm is the logit


class KerasClassifier(keras.layers.Layer):
    """A Keras classifier with the endpoints of a `Network`, never trained.

    Args:
      model: A `keras.Model` from one image tensor (batch, height, width,
        channels) to logits or probabilities (batch, classes).
      scaling: Function from images in [0, 1] to what it expects.
      channels: Of the images.

    Returns:
      From float images (batch, height, width, channels) in [0, 1] a
      dictionary of `logits_sup`, (batch, classes).

    Raises:
      ValueError: If the model takes or gives something else.
    """

    def __init__(
        self,
        model: keras.Model,
        scaling: Callable[[tf.Tensor], tf.Tensor],
        channels: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        size = input_size(model)
        check_images(model, size or _TRIED, channels)
        shapes = [output.shape for output in model.outputs]
        if len(shapes) > 1 or len(shapes[0]) != 2 or shapes[0][-1] is None:
            raise ValueError(
                "A teacher must give logits or probabilities (batch, "
                f"classes). Received: {model.name!r} with outputs {shapes}"
            )
        self.model = model
        self.scaling = scaling
        self._config: dict[str, Any] = {
            "image_size": size,
            "channels": channels,
            "num_classes": shapes[0][-1],
        }
        self.trainable = False
        self.gives_probabilities = self._answers_sum_to_one()

    def get_config(self) -> dict[str, Any]:
        return {**self._config, "name": self.name}

    def call(
        self, images: tf.Tensor, training: bool | None = False
    ) -> dict[str, tf.Tensor]:
        answers = self._answers(images)
        if self.gives_probabilities:
            answers = tf.math.log(tf.maximum(answers, _LEAST))
        return {"logits_sup": answers}

    def _answers(self, images):
        images = tf.cast(images, self.variable_dtype)
        scaled = as_taken(self.model, self.scaling(images))
        answers = self.model(scaled, training=False)
        return tf.cast(answers, self.variable_dtype)

    def _answers_sum_to_one(self):
        """Whether outputs are probabilities; two images are tried."""
        side = self._config["image_size"] or _TRIED
        shape = (2, side, side, self._config["channels"])
        noise = np.random.default_rng(0).random(shape, np.float32)
        answers = self._answers(tf.constant(noise)).numpy()
        sums = np.abs(answers.sum(axis=-1) - 1)
        return bool((answers >= 0).all() and (sums < 1e-2).all())


def make_keras_classifier(
    source: str, pixels: str | None, channels: int
) -> KerasClassifier:
    """The teacher that a specification names.

    Args:
      source: A specification, see `keras_spec`; a constructor of
        `keras.applications` names its `weights`, a file or 'imagenet'.
      pixels: See `keras_pixels`.
      channels: Of the images.

    Raises:
      ValueError: If there is none, or no weights.
    """
    spec = parse(source)
    if spec.kind == KERAS and not spec.arguments.get("weights"):
        raise ValueError(
            "A teacher must be trained: give the constructor its weights, as "
            f"in {spec.name}(weights='FILE', classes=10). Received: {source!r}"
        )
    model = _model(spec)
    scaling = pixel_scaling(source, pixels, channels, "teacher_pixels")
    return KerasClassifier(model, scaling, channels)


def image_size_of(source: str) -> int | None:
    """Side in pixels of the images that such a teacher takes, None for any."""
    spec = parse(source)
    if spec.kind != KERAS:
        return input_size(_model(spec))
    return input_size(_model(spec, weights=None))


def input_size(model: keras.Model) -> int | None:
    """Side in pixels of the images that a model takes, None for any."""
    inputs = getattr(model, "inputs", None) or []
    return inputs[0].shape[1] if inputs and len(inputs[0].shape) == 4 else None


def _model(spec, **settled):
    """The classifier; `settled` arguments win over the specification's."""
    if spec.kind == KERAS_HUB:
        return keras_build.load_classifier(spec)
    if spec.kind != KERAS:
        return keras_build.load(spec)
    fixed = [name for name in SETTLED if name not in OF_CLASSIFIERS]
    function = constructor(spec, fixed)
    kept = {n: v for n, v in spec.arguments.items() if n not in settled}
    spec = type(spec)(spec.kind, spec.name, kept)
    model = keras_build.construct(spec, function, **settled)
    if {**kept, **settled}.get("weights") not in _WITHOUT_FILE:
        keras_imagenet_files.settle(model)
    return model
