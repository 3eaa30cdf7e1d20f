"""Each worker's share of the input, and what workers make of it together."""

from __future__ import annotations

import functools
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.distribution.cluster import read_cluster
from simclrv2_tf.distribution.collectives import sum_over_replicas


def worker_share() -> tuple[int, int]:
    """How many workers share the input, and which of them this is, from 0."""
    strategy = tf.distribute.get_strategy()
    cluster = read_cluster()
    if not _spans_workers(strategy) or cluster is None:
        return 1, 0
    return len(cluster.addresses), list(cluster.addresses).index(cluster.task)


def is_chief() -> bool:
    """Whether this is the process that writes: the only or the first one."""
    return worker_share()[1] == 0


def share_input(
    make: Callable[[int, int], tf.data.Dataset], batch_size: int
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """The training input of the strategy in scope, each replica's rows apart.

    Args:
      make: Function (workers, worker) to a `tf.data.Dataset` of that
        worker's share of every batch, endless, in the order of its
        replicas.
      batch_size: Rows of a batch over all replicas, which divide it.

    Returns:
      What `fit` takes: the data set itself for one replica.
    """
    strategy = tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return make(1, 0)

    def of_pipeline(context):
        share = make(context.num_input_pipelines, context.input_pipeline_id)
        # Known to be endless: workers need not ask each other for the end.
        rows = share.rebatch(batch_size // replicas, drop_remainder=True)
        return rows.repeat()

    return strategy.distribute_datasets_from_function(of_pipeline)


def map_rows(
    function: Callable[..., Any], dataset: tf.data.Dataset
) -> Iterator[Any]:
    """Applies a function to batches, each local replica to its part of them.

    Batches are filled up to the size of the largest so far (the first one,
    if no image is missing in it), so that the function is compiled once and
    every replica has as many rows; results of the padding are dropped.
    There is no communication with other workers.

    Args:
      function: Of tensors (rows, ...), one for each part of an element, to
        a structure of tensors (rows, ...), each row from its row alone.
      dataset: `tf.data.Dataset` of this worker's batches.

    Yields:
      The structure with numpy arrays (rows, ...), for each batch.
    """
    strategy = tf.distribute.get_strategy()
    local = strategy.num_replicas_in_sync // worker_share()[0]

    @tf.function(autograph=False)
    def run(parts):
        return strategy.run(function, args=parts)

    size, compiled = 0, None
    for batch in dataset:
        count = len(batch[0])
        wanted = max(size, _multiple(count, local))
        filled = [_fill(part, wanted) for part in batch]
        parts = tuple(_split(strategy, x, local) for x in filled)
        if compiled is None or wanted > size:
            size, compiled = wanted, run.get_concrete_function(parts)
        outputs = compiled(parts)
        yield tf.nest.map_structure(
            lambda x, count=count: _joined(strategy, x)[:count], outputs
        )


def _multiple(count, of):
    """The next multiple."""
    return -(-count // of) * of


def _fill(x, size):
    return tf.pad(x, [[0, size - len(x)]] + [[0, 0]] * (x.shape.rank - 1))


def _split(strategy, x, local):
    if local == 1:
        return x
    parts = tf.split(x, local)
    return strategy.experimental_distribute_values_from_function(
        lambda context: parts[context.replica_id_in_sync_group % local]
    )


def _joined(strategy, x):
    parts = strategy.experimental_local_results(x)
    return np.concatenate([part.numpy() for part in parts])


def join_workers(rows: np.ndarray) -> np.ndarray:
    """Joins the rows of all workers, in their order; each must call this.

    Args:
      rows: Numpy array (rows, ...), of as many as each worker has.

    Returns:
      Numpy array (all rows, ...), the same on every worker.
    """
    workers, _ = worker_share()
    if workers == 1:
        return rows
    strategy = tf.distribute.get_strategy()
    local = strategy.num_replicas_in_sync // workers

    def part(context):
        first = context.replica_id_in_sync_group % local == 0
        return tf.constant(rows if first else rows[:0])

    values = strategy.experimental_distribute_values_from_function(part)
    return strategy.gather(values, axis=0).numpy()


def from_chief(answer: bool) -> bool:
    """The first worker's answer, yes or no, where clocks or files differ."""
    return bool(join_workers(np.array([int(answer)]))[0])


def any_worker(answer: bool) -> bool:
    """Whether any worker says yes; each must call this. Cheap, for steps."""
    if worker_share()[0] == 1:
        return bool(answer)
    strategy = tf.distribute.get_strategy()
    total = _adder(strategy)(tf.constant(float(answer)))
    return bool(strategy.experimental_local_results(total)[0] > 0)


@functools.cache
def _adder(strategy):
    """Sums over all replicas, compiled once; `gather` is so at every call."""
    return tf.function(
        lambda x: strategy.run(sum_over_replicas, args=(x,)), autograph=False
    )


def wait_for_workers() -> None:
    """Returns when every worker has called it (a barrier)."""
    join_workers(np.zeros(1, np.int32))


def _spans_workers(strategy):
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
