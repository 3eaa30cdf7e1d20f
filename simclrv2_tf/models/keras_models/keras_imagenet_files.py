"""Files of ImageNet's weights, in a network of Keras made without them.

The EfficientNets of Keras divide by a deviation in two steps: by its root,
which their `Normalization` has as its variance, and once more in a `Rescaling`
that they have only if they are made with `weights="imagenet"`.
"""

from __future__ import annotations

import keras
import numpy as np

from simclrv2_tf.models.keras_models.keras_pixels import IMAGENET_STD

_TOLERANCE = 1e-3  # the squares, of which our own files are, are far from it


def settle(model: keras.Model) -> None:
    """Has normalization divide by ImageNet's deviation, as it was trained.

    Args:
      model: One of `keras.applications`, made without weights, after those of
        a file were loaded. Only a `Normalization` whose variance is that
        deviation is changed: the variance becomes its square.
    """
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Normalization):
            continue
        variance = getattr(layer, "adapt_variance", None)
        if variance is not None and _is_deviation(np.asarray(variance)):
            layer.adapt_variance.assign(np.square(variance))
            layer.finalize_state()


def _is_deviation(variance):
    expected = np.asarray(IMAGENET_STD)
    return variance.shape == expected.shape and np.allclose(
        variance, expected, rtol=0.0, atol=_TOLERANCE
    )
