"""One process of so many replicas on logical CPUs; answers into a file.

`python replicas.py REPLICAS FILE.npz`. A process of its own, as logical
devices are fixed once TensorFlow has started, and as a second mirrored
strategy in one process reuses the first one's collective keys.
"""

import sys

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import losses

GLOBAL_BATCH = 24
DIM = 8


def main(replicas, path):
    strategy = make_strategy(replicas)
    a, b = np.random.default_rng(1).normal(size=(2, GLOBAL_BATCH, DIM))
    a, b = np.float32(a), np.float32(a + b)
    answers = {"gather": run(strategy, gather_step, a, b)}
    for tile in (0, 5):
        for norm in (True, False):
            step = contrast_step(tile, norm, replicas)
            answers[f"tile{tile}_norm{norm}"] = run(strategy, step, a, b)
    arrays = {
        f"{name}/{index}": value
        for name, values in answers.items()
        for index, value in enumerate(values)
    }
    np.savez(path, **arrays)


def make_strategy(replicas):
    if replicas == 1:
        return distribution.make_strategy("one_device")
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * replicas
    )
    return distribution.make_strategy("mirrored")


def gather_step(a, b):
    """What is gathered, where we stand, and the gradient of an odd sum."""
    offset = distribution.replica_offset(a.shape[0])
    with tf.GradientTape() as tape:
        tape.watch(a)
        everything = distribution.all_gather(a)
        # Each replica looks at the batch with weights of its own.
        weights = tf.reshape(tf.range(GLOBAL_BATCH * DIM), everything.shape)
        weights = tf.cast(weights + offset, tf.float32)
        total = tf.reduce_sum(weights * everything)
    gradient = tape.gradient(total, a)
    return everything[tf.newaxis], tf.fill([a.shape[0]], offset), gradient


def contrast_step(tile, norm, replicas):
    def step(a, b):
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            pairs = losses.compare(a, b, 0.5, norm, tile)
            share = tf.reduce_mean(pairs.loss) / replicas
        return *pairs, *tape.gradient(share, [a, b])

    return step


def run(strategy, step, *arrays):
    """Runs the step on shares of the arrays; joins what replicas return."""
    replicas = strategy.num_replicas_in_sync
    size = GLOBAL_BATCH // replicas

    def share(array):
        if replicas == 1:
            return tf.constant(array)
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                array[context.replica_id_in_sync_group * size :][:size]
            )
        )

    shares = [share(array) for array in arrays]
    outputs = tf.function(lambda: strategy.run(step, shares), autograph=False)()
    local = strategy.experimental_local_results
    return [np.concatenate([v.numpy() for v in local(x)]) for x in outputs]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
