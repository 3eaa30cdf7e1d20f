"""A small network to export, and encoded images for it."""

import io

import keras
import numpy as np
from PIL import Image

from simclrv2_tf.data.augment.crops import preprocess_for_eval
from simclrv2_tf.data.decode.rgb import decode_in_graph
from simclrv2_tf.models.network import Network

SIZE, CLASSES = 40, 7
NAMES = ["ant", "bee", "cat", "dog", "elk", "fox", "große Katze"]


def make_network(**options):
    """A network whose normalizations are not the identity."""
    keras.utils.set_random_seed(0)
    defaults = {
        "resnet_depth": 18,
        "width_multiplier": 0.0625,
        "image_size": SIZE,
        "num_classes": CLASSES,
        "num_proj_layers": 2,
        "proj_out_dim": 8,
        "ft_proj_selector": 1,
        "name": "small",  # the same in each process of the tests
    }
    network = Network(**{**defaults, **options})
    rng = np.random.default_rng(0)
    for name, variable in network.named_variables().items():
        if "batch_normalization" in name or name.endswith("bias"):
            shift = rng.random(variable.shape, np.float32)
            variable.assign(variable + 0.3 * shift)
    return network


def prepare(encoded):
    return preprocess_for_eval(decode_in_graph(encoded), SIZE)


def encode(kind="PNG", mode="RGB", size=(50, 70), seed=0, **options):
    """A random image as bytes."""
    rng = np.random.default_rng(seed)
    small = (rng.random((5, 7, 3)) * 255).astype(np.uint8)
    image = Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.convert(mode).save(file, kind, **options)
    return file.getvalue()
