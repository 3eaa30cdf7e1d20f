"""`fit` on two replicas, whose shares of the last batch are equal or not.

A program of its own, as the number of devices is fixed once TensorFlow has
started. Prints the losses of a data set whose batches divide, and the error
of one whose last batch does not.
"""

import json

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.finetune import FineTune

IMAGES = np.random.default_rng(0).random((13, 8, 8, 3), np.float32)
LABELS = np.arange(13, dtype=np.int32) % 3


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    with distribution.make_strategy("mirrored").scope():
        network = Network(
            resnet_depth=18,
            width_multiplier=0.0625,
            image_size=8,
            num_proj_layers=1,
            proj_out_dim=8,
            num_classes=3,
        )
        stage = FineTune(network)
        stage.compile(optimizer=keras.optimizers.SGD(0.1))
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    fitted = [
        stage.fit(data.take(count).batch(8), verbose=0).history
        for count in (8, 12)
    ]
    try:
        stage.fit(data.batch(8), verbose=0)
        said = "nothing"
    except tf.errors.InvalidArgumentError as error:
        said = error.message
    losses = [history["train/supervised_loss"][-1] for history in fitted]
    print(json.dumps({"losses": losses, "said": said}))


if __name__ == "__main__":
    main()
