"""Where replicas meet: a strategy, the input's shares, values across replicas.

A replica is a device with its share of every batch; a worker is a process
with the replicas of its machine. Functions of `collectives` are called in a
step, by every replica; those of `shares` outside of it, by every worker.
"""

from simclrv2_tf.distribution.cluster import naming_lost_peers
from simclrv2_tf.distribution.collectives import all_gather
from simclrv2_tf.distribution.collectives import check_equal_shares
from simclrv2_tf.distribution.collectives import num_replicas
from simclrv2_tf.distribution.collectives import replica_id
from simclrv2_tf.distribution.collectives import replica_offset
from simclrv2_tf.distribution.collectives import sum_over_replicas
from simclrv2_tf.distribution.shares import any_worker
from simclrv2_tf.distribution.shares import from_chief
from simclrv2_tf.distribution.shares import is_chief
from simclrv2_tf.distribution.shares import join_workers
from simclrv2_tf.distribution.shares import map_rows
from simclrv2_tf.distribution.shares import share_input
from simclrv2_tf.distribution.shares import wait_for_workers
from simclrv2_tf.distribution.shares import worker_share
from simclrv2_tf.distribution.strategies import STRATEGIES
from simclrv2_tf.distribution.strategies import MultiWorkerStrategy
from simclrv2_tf.distribution.strategies import make_strategy
from simclrv2_tf.distribution.strategies import tpu_in_environment

__all__ = [
    "STRATEGIES",
    "MultiWorkerStrategy",
    "all_gather",
    "any_worker",
    "check_equal_shares",
    "from_chief",
    "is_chief",
    "join_workers",
    "make_strategy",
    "map_rows",
    "naming_lost_peers",
    "num_replicas",
    "replica_id",
    "replica_offset",
    "share_input",
    "sum_over_replicas",
    "tpu_in_environment",
    "wait_for_workers",
    "worker_share",
]
