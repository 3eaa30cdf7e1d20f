"""Two replicas, one of which alone has an image that is not a number.

A program of its own, as the number of devices is fixed once TensorFlow has
started. Prints what became of a bad step and of the good one behind it.
"""

import json

import keras
import numpy as np
import tensorflow as tf
from logical_devices import mirrored

from simclrv2_tf.models.network import Network
from simclrv2_tf.optimizers import LARS
from simclrv2_tf.stages.finetune import FineTune

IMAGES = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)
BAD = np.where(np.arange(4)[:, None, None, None] == 3, np.nan, IMAGES)
LABELS = np.array([0, 1, 2, 0], np.int32)


def main():
    strategy = mirrored(2)
    with strategy.scope():
        stage = make_stage()

    def share(array):
        return strategy.experimental_distribute_values_from_function(
            lambda c: tf.constant(array[2 * c.replica_id_in_sync_group :][:2])
        )

    @tf.function
    def step(images, labels):
        strategy.run(stage.train_step, args=((images, labels),))

    seen = []
    for images in (IMAGES, BAD, IMAGES):
        step(share(np.float32(images)), share(LABELS))
        seen.append(state(stage))
    print(json.dumps(answer(stage, *seen)))


def make_stage():
    keras.utils.set_random_seed(0)
    network = Network(
        resnet_depth=18,
        width_multiplier=0.0625,
        image_size=8,
        num_proj_layers=1,
        proj_out_dim=8,
        num_classes=3,
    )
    stage = FineTune(network)
    stage.compile(optimizer=LARS(0.1))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def state(stage):
    """All arrays but the count of steps."""
    counter = stage.optimizer.iterations
    variables = [*stage.network.variables, *stage.optimizer.variables]
    return [v.numpy() for v in variables if v is not counter]


def answer(stage, before, bad, after):
    return {
        "kept": all(map(np.array_equal, before, bad)),
        "moved": not all(map(np.array_equal, bad, after)),
        "steps": int(stage.optimizer.iterations.numpy()),
        "skipped": int(stage.nonfinite.skipped.numpy()),
        "in_a_row": int(stage.nonfinite.in_a_row.numpy()),
    }


if __name__ == "__main__":
    main()
