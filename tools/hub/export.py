"""An export for train.py, and what the network answers.

    python tools/hub/export.py FOLDER

Writes a version below the folder, and `expected.npz`: images and endpoints.
"""

import os
import sys

import keras
import numpy as np

from simclrv2_tf import export
from simclrv2_tf.data.augment.crops import preprocess_for_eval
from simclrv2_tf.data.decode.rgb import decode_in_graph
from simclrv2_tf.data.decode.rgb import to_float
from simclrv2_tf.models.network import Network

SIZE = 40


def main(folder):
    keras.utils.set_random_seed(0)
    network = Network(
        resnet_depth=18,
        width_multiplier=0.125,
        image_size=SIZE,
        num_classes=7,
        ft_proj_selector=1,
    )
    export.export_network(network, folder, 1, prepare)
    images = np.random.default_rng(0).random((8, SIZE, SIZE, 3), np.float32)
    expected = {
        f"endpoint/{name}": value.numpy()
        for name, value in network(images, training=False).items()
    }
    path = os.path.join(folder, "expected.npz")
    np.savez(path, images=images, **expected)


def prepare(encoded):
    """An encoded image as the network takes it, for an export."""
    return preprocess_for_eval(to_float(decode_in_graph(encoded)), SIZE)


if __name__ == "__main__":
    main(sys.argv[1])
