"""A small classifier as a run's directory, and a folder of photographs.

Its backbone is one convolution; tests that name parts of a ResNet ask for one.
"""

import json

import keras
import numpy as np
import small_backbone
from PIL import Image

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data import pipeline
from simclrv2_tf.models.network import Network

SIZE = {
    "resnet_depth": 18,
    "width_multiplier": 0.0625,
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
}
TINY = {**SIZE, "num_classes": 3}
SMALL = {
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
    "num_classes": 3,
    **small_backbone.arguments(),
}
NAMES = ["ant", "bee", "cat"]
RESNET_FLAGS = {"image_size": 8, "class_names": NAMES}
FLAGS = {**RESNET_FLAGS, **small_backbone.arguments()}
RNG = np.random.default_rng(0)


def classifier():
    return _with_answers(**SMALL)


def resnet():
    return _with_answers(**TINY)


def network(**options):
    """The network as it starts, the same in each call."""
    keras.utils.set_random_seed(0)
    return Network(**{**SMALL, **options})


def _with_answers(**arguments):
    keras.utils.set_random_seed(0)
    made = Network(**arguments)
    head = made.supervised_head.linear.kernel
    head.assign(RNG.normal(size=head.shape))  # answers that differ
    return made


def save_run(network, directory, flags=FLAGS):
    """A run's directory at step 7."""
    run_directory.save(str(directory), 7, network.named_variables())
    (directory / "flags.json").write_text(json.dumps(flags))
    return directory


def save_resnet(network, directory):
    return save_run(network, directory, RESNET_FLAGS)


def resnet_run(folder):
    """A run whose network is a ResNet, for tests that name its parts."""
    return save_resnet(resnet(), folder / "resnet")


def photographs(root):
    """Seven photographs of two classes, of various sizes."""
    for index in range(7):
        path = root / ("bee" if index < 3 else "ant") / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = RNG.integers(0, 255, (8 + index, 9, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    return root


def answers(network, source, endpoint):
    """What the network says, image by image."""
    batches = pipeline.eval_dataset(source, 1, 8)
    return np.concatenate([network(x)[endpoint] for x, _ in batches])
