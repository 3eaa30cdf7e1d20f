"""The smallest network that a run can train: one convolution.

A ResNet-18 of the least width takes two seconds more to trace and to restore,
in each run. Tests of runs, which any network serves, take this one.
"""

import atexit
import functools
import os
import shutil
import tempfile

import keras

from simclrv2_tf.models.keras_models.keras_build import as_json

PIXELS = "0..1"


@functools.cache
def options():
    """Options of a config whose backbone it is."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = os.path.join(folder, "small.keras")
    _model().save(path)
    return {"backbone": path, "backbone_pixels": PIXELS}


@functools.cache
def arguments():
    """Arguments of `Network` whose backbone it is, and flags of its run."""
    return {"backbone": as_json(_model()), "backbone_pixels": PIXELS}


@functools.cache
def _model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(8, 3, strides=2, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
