"""A Keras network that begins with an adapted `Normalization`, for tests."""

import keras
import keras_networks
import numpy as np

from simclrv2_tf.models.keras_models.keras_build import as_json
from simclrv2_tf.models.network import Network

SIDE = 8
HEADS = {"num_classes": 3, "num_proj_layers": 1, "proj_out_dim": 4}
MEAN, VARIANCE = (0.2, 0.4, 0.6), (0.01, 0.02, 0.03)


def adapted(seed=7):
    """A model whose `Normalization` has a mean and a variance."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Normalization(name="normalization"),
            keras.layers.Conv2D(4, 3, name="convolution"),
        ],
        name="adapted",
    )
    norm = model.layers[0]
    norm.adapt_mean.assign(MEAN)
    norm.adapt_variance.assign(VARIANCE)
    norm.finalize_state()
    return model


def arguments():
    """Those of `Network` for such a backbone, random and not adapted."""
    text = as_json(adapted())
    return {"backbone": text, "backbone_pixels": "0..1", "image_size": SIDE}


def network():
    """A `Network` with the model in its place, mean and variance and all."""
    return Network(**{**arguments(), **HEADS, "backbone": adapted()})


@keras.saving.register_keras_serializable("tests")
class Counter(keras.layers.Layer):
    """Images as they are; has a whole number, the count of something."""

    def build(self, shape):
        self.count = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    def call(self, inputs):
        return inputs


def counting():
    """A `Network` whose backbone has a count of its own."""
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), Counter(), keras.layers.Conv2D(4, 3)]
    )
    return Network(**{**arguments(), **HEADS, "backbone": model})


def images():
    return keras_networks.images(SIDE, 2)


def features(network):
    return network(images())["final_avg_pool"].numpy()


def constants(network):
    """Mean and variance that its `Normalization` computes with."""
    norm = network.backbone.model.layers[0]
    return [np.ravel(value).tolist() for value in (norm.mean, norm.variance)]
