"""`fit` on two replicas, whose shares of the last batch are equal or not.

A program of its own, as the number of devices is fixed once TensorFlow has
started. Prints the losses of a data set whose batches divide, and the error
of one whose last batch does not; and the loss of distillation's validation
on seven images, with what is expected of it.
"""

import json

import numpy as np
import reference
import tensorflow as tf
from bad_replica import make_stage
from logical_devices import mirrored
from perturbed import perturb

from simclrv2_tf.stages.distill import Distill

IMAGES = np.random.default_rng(0).random((13, 8, 8, 3), np.float32)
LABELS = np.arange(13, dtype=np.int32) % 3


def main():
    strategy = mirrored(2)
    with strategy.scope():
        stage = make_stage()
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    fitted = [
        stage.fit(data.take(count).batch(8), verbose=0).history
        for count in (8, 12)
    ]
    try:
        stage.fit(data.batch(8), verbose=0)
        sentence = "nothing"
    except tf.errors.InvalidArgumentError as error:
        sentence = error.message
    losses = [history["train/supervised_loss"][-1] for history in fitted]
    evaluated, expected = validation_of_distillation(strategy)
    print(
        json.dumps(
            {
                "losses": losses,
                "said": sentence,
                "evaluated": evaluated,
                "expected": expected,
            }
        )
    )


def validation_of_distillation(strategy, count=7, alpha=0.5):
    """The loss of batches of four and three, and equation 3 of all."""
    with strategy.scope():
        student, teacher = make_stage().network, make_stage().network
        perturb(teacher)
        stage = Distill(student, teacher, alpha=alpha)
        stage.compile(optimizer="sgd")
    images, labels = IMAGES[:count], LABELS[:count]
    data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(4)
    evaluated = stage.evaluate(data, verbose=0, return_dict=True)["loss"]
    taught, logits = (
        network(images, training=False)["logits_sup"].numpy()
        for network in (teacher, student)
    )
    shares = reference.softmax(np.float64(logits))
    supervised = -np.log(shares[np.arange(count), labels]).mean()
    distilled = reference.distillation(taught, logits, 1.0).mean()
    return evaluated, (1 - alpha) * supervised + alpha * distilled


if __name__ == "__main__":
    main()
