"""What our side answers, for theirs.py to compare with.

    python tools/addons/ours.py FOLDER

Writes two exports below the folder, and `expected.npz`: images and endpoints,
five steps of our LAMB, our blur.
"""

import io
import os
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf import export
from simclrv2_tf import optimizers
from simclrv2_tf.data.augment.gaussian_blur import gaussian_blur
from simclrv2_tf.models.network import Network
from tools.hub.export import SIZE
from tools.hub.export import prepare

CLASSES, STEPS = 7, 5
NETWORKS: dict[str, dict[str, Any]] = {
    "plain": {"resnet_depth": 18, "width_multiplier": 0.125},
    "selective": {
        "resnet_depth": 50,
        "width_multiplier": 0.0625,
        "sk_ratio": 0.0625,
        "ft_proj_selector": 1,
    },
}
RATE, DECAYS = 0.02, (0.0, 0.1)  # of LAMB
BLURS = ((5, 0.3), (9, 1.1), (23, 2.0))  # kernel size and sigma, in pixels
RNG = np.random.default_rng(0)


def main(folder):
    expected: dict[str, Any] = {}
    for name, options in NETWORKS.items():
        expected |= export_one(os.path.join(folder, name), name, options)
    expected |= lamb_steps() | blurs()
    np.savez(os.path.join(folder, "expected.npz"), **expected)


def export_one(directory, name, options):
    keras.utils.set_random_seed(0)
    network = Network(image_size=SIZE, num_classes=CLASSES, **options)
    for variable in network.variables:  # no normalization is the identity
        shift = RNG.random(variable.shape, np.float32)
        variable.assign(
            variable + 0.1 * shift * ("kernel" not in variable.name)
        )

    path = export.export_network(network, directory, 1, prepare)
    images = RNG.random((4, SIZE, SIZE, 3), np.float32)
    arrays = {f"{name}/images": images}
    for key, value in network(images, training=False).items():
        arrays[f"{name}/endpoint/{key}"] = value.numpy()
    return arrays | answers(path, name)


def answers(path, name):
    """What serving_default says of two PNG files."""
    data = [png(seed) for seed in range(2)]
    model = tf.saved_model.load(path)
    answer = model.signatures["serving_default"](encoded=tf.constant(data))
    arrays = {
        f"{name}/png/{i}": np.frombuffer(d, "u1") for i, d in enumerate(data)
    }
    arrays[f"{name}/probabilities"] = answer["probabilities"].numpy()
    arrays[f"{name}/classes"] = answer["classes"].numpy().astype(str)
    return arrays


def png(seed):
    from PIL import Image

    pixels = np.random.default_rng(seed).random((50, 60 + seed, 3))
    file = io.BytesIO()
    Image.fromarray((255 * pixels).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def lamb_steps():
    """Values of two variables over five steps, for each decay."""
    shapes = ((7, 5), (5,))
    starts = [RNG.normal(size=s).astype(np.float32) for s in shapes]
    gradients = [
        [RNG.normal(size=s).astype(np.float32) for s in shapes]
        for _ in range(STEPS)
    ]
    arrays: dict[str, Any] = {
        f"lamb/start/{i}": start for i, start in enumerate(starts)
    }
    for step, pair in enumerate(gradients):
        arrays |= {f"lamb/gradient/{step}/{i}": g for i, g in enumerate(pair)}
    for decay in DECAYS:
        optimizer = optimizers.build_optimizer("lamb", RATE, weight_decay=decay)
        variables = [keras.Variable(start) for start in starts]
        for step, pair in enumerate(gradients):
            optimizer.apply(list(map(tf.constant, pair)), variables)
            for i, variable in enumerate(variables):
                arrays[f"lamb/decay {decay}/{step}/{i}"] = variable.numpy()
    arrays["lamb/rate"], arrays["lamb/decays"] = RATE, np.array(DECAYS)
    arrays["lamb/epsilon"] = optimizer.epsilon
    return arrays


def blurs():
    images = RNG.random((2, 48, 40, 3), np.float32)
    arrays = {"blur/images": images, "blur/settings": np.array(BLURS)}
    for index, (size, sigma) in enumerate(BLURS):
        blurred = gaussian_blur(tf.constant(images), size, sigma)
        arrays[f"blur/ours/{index}"] = blurred.numpy()
    return arrays


if __name__ == "__main__":
    main(sys.argv[1])
