"""Gradients of micro-batches on two logical CPUs, and the same on one.

`python cached_replicas.py FILE.npz`. A process of its own, as logical devices
are fixed once TensorFlow has started. Moments of normalization span both
replicas, so that the same images must meet in a micro-batch: the one device
takes them in an order of its own.
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from logical_devices import split_cpu
from perturbed import perturb

from simclrv2_tf import distribution
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.pretrain import Pretrain

VIEWS = np.random.default_rng(0).random((2, 12, 8, 8, 3), np.float32)
LABELS = np.arange(12, dtype=np.int32) % 3
# Rows of both replicas' first micro-batch, then of both replicas' second.
TOGETHER = np.array([0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11])


def main(path):
    split_cpu(2)
    arrays = {}
    for name, microbatch, order in (
        ("one_device", 6, TOGETHER),
        ("mirrored", 3, np.arange(12)),
    ):
        strategy = distribution.make_strategy(name)
        with strategy.scope():
            stage = make_stage(microbatch)
        for key, value in gradients(strategy, stage, order).items():
            arrays[f"{name}/{key}"] = value
    np.savez(path, **arrays)


def make_stage(microbatch):
    from small_classifier import TINY  # which computes as it is loaded

    keras.utils.set_random_seed(0)
    network = perturb(Network(**TINY))
    stage = Pretrain(network, 0.5, microbatch=microbatch)
    stage.compile(optimizer=keras.optimizers.SGD(0.1))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def gradients(strategy, stage, order):
    """What a step of SGD takes from the weights, and moving statistics."""
    before = {v.path: v.numpy() for v in stage.network.variables}
    replicas = strategy.num_replicas_in_sync
    shares = [np.split(x, replicas) for x in (*VIEWS[:, order], LABELS[order])]

    def share(context):
        mine = context.replica_id_in_sync_group
        a, b, labels = (tf.constant(x[mine]) for x in shares)
        return (a, b), labels

    data = share_all(strategy, share)
    tf.function(lambda: strategy.run(stage.train_step, (data,)))()
    return {v.path: v.numpy() - before[v.path] for v in stage.network.variables}


def share_all(strategy, share):
    if strategy.num_replicas_in_sync == 1:
        return share(tf.distribute.get_replica_context())
    return strategy.experimental_distribute_values_from_function(share)


if __name__ == "__main__":
    main(sys.argv[1])
