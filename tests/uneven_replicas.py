"""`fit` on two replicas, whose shares of the last batch are equal or not.

A program of its own, as the number of devices is fixed once TensorFlow has
started. Prints the losses of a data set whose batches divide, and the error
of one whose last batch does not.
"""

import json

import numpy as np
import tensorflow as tf
from bad_replica import make_stage
from bad_replica import two_replicas

IMAGES = np.random.default_rng(0).random((13, 8, 8, 3), np.float32)
LABELS = np.arange(13, dtype=np.int32) % 3


def main():
    with two_replicas().scope():
        stage = make_stage()
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
