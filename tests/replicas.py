"""One replica, and several on logical CPUs, answer the same; into files.

`python replicas.py 1,REPLICAS FOLDER [CASE ...]` writes FOLDER/CASE/1.npz and
FOLDER/CASE/REPLICAS.npz; without "1,", the latter alone. A process for each
number of replicas, as logical devices are fixed once TensorFlow has started,
and as a second mirrored strategy in one process reuses the first one's
collective keys. The cases are those of `exactness`; "collectives" and
"command" stand for what follows here.
"""

import itertools
import pathlib
import sys

import exactness
import numpy as np
import tensorflow as tf
from logical_devices import mirrored

import simclrv2_tf
from simclrv2_tf import distribution
from simclrv2_tf import losses
from simclrv2_tf.models.normalization import normalize

GLOBAL_BATCH = 24
DIM = 8
EPSILON = 1e-5
COLLECTIVES = "collectives"
COMMAND = "command"


def main(numbers, folder, *cases):
    *one, replicas = numbers.split(",")
    strategies = [mirrored(int(replicas))]
    if one:
        strategies.insert(0, distribution.make_strategy("one_device"))
    for case, strategy in itertools.product(cases, strategies):
        if case == COLLECTIVES:
            arrays = run_collectives(strategy)
        elif case == COMMAND:
            arrays = run_command(strategy, pathlib.Path(folder))
        else:
            with strategy.scope():
                arrays = exactness.run(case)
        exactness.write(folder, case, strategy.num_replicas_in_sync, arrays)


def run_collectives(strategy):
    a, b = np.random.default_rng(1).normal(size=(2, GLOBAL_BATCH, DIM))
    a, b = np.float32(a), np.float32(a + b)
    answers = {"gather": run(strategy, gather_step, a, b)}
    for tile in (0, 5):
        for norm in (True, False):
            step = contrast_step(tile, norm, strategy.num_replicas_in_sync)
            answers[f"tile{tile}_norm{norm}"] = run(strategy, step, a, b)
    answers["normalize"] = run(strategy, normalize_step, *far_from_zero())
    return {
        f"{name}/{index}": value
        for name, values in answers.items()
        for index, value in enumerate(values)
    }


def run_command(strategy, folder):
    """All three stages, evaluation and export; what each of them reports."""
    replicas = strategy.num_replicas_in_sync
    folder = folder / f"runs{replicas}"
    options = {
        **{k: v for k, v in exactness.COMMON.items() if k != "dataset"},
        "strategy": "mirrored" if replicas > 1 else "one_device",
        "mode": "train_then_eval",
        "eval_split": "test",
        "eval_batch_size": 50,
        "train_steps": 4,
        "checkpoint_steps": 2,
        "learning_rate": 0.01,
    }
    pretrained, tuned = folder / "pretrained", folder / "tuned"
    reports = {
        "pretrain": simclrv2_tf.pretrain(
            "digits", pretrained, knn_k=5, **options
        ),
        "finetune": simclrv2_tf.finetune(
            "digits", tuned, checkpoint=str(pretrained), **options
        ),
        "distill": simclrv2_tf.distill(
            "digits", folder / "distilled", tuned, **options
        ),
    }
    again = simclrv2_tf.finetune("digits", tuned, **options)  # resumes
    reports["again"] = {k: v for k, v in again.items() if k[:4] == "eval"}
    return {
        f"{stage}/{name}": value
        for stage, report in reports.items()
        for name, value in report.items()
        if isinstance(value, int | float)  # neither paths nor tables
    }


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


def far_from_zero():
    """Values whose channels have means of 1 to 1,000 deviations."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(GLOBAL_BATCH, 4, 4, DIM)) + np.logspace(0, 3, DIM)
    return np.float32(x), np.float32(rng.normal(size=x.shape))


def normalize_step(x, upstream):
    """Outputs, the gradient to x, and the moments that were used."""
    ones, zeros = tf.ones([DIM]), tf.zeros([DIM])
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs, mean, variance = normalize(x, ones, zeros, EPSILON, True)
    gradient = tape.gradient(outputs, x, upstream)
    return outputs, gradient, mean[tf.newaxis], variance[tf.newaxis]


def normalize_in_float64(x, upstream):
    """Mean, variance, outputs and gradient, from the formulas."""
    x, upstream = np.float64(x), np.float64(upstream)
    axes = (0, 1, 2)
    mean, variance = x.mean(axes), x.var(axes)
    outputs = (x - mean) / np.sqrt(variance + EPSILON)
    pull = upstream.mean(axes) + outputs * (upstream * outputs).mean(axes)
    gradient = (upstream - pull) / np.sqrt(variance + EPSILON)
    return mean, variance, outputs, gradient


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
    main(*sys.argv[1:])
