"""The workers that TF_CONFIG names, and which of them is lost."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import socket
import time
from collections.abc import Iterator

import tensorflow as tf

VARIABLE = "TF_CONFIG"
JOBS = ("chief", "worker")  # in the order in which TensorFlow numbers tasks
_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)
# What a collective operation fails with where a peer is gone or hangs.
_BROKEN = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
)
_CONNECT_SECONDS = 3.0  # a peer that does not answer for so long is lost
# A worker that stops closes its port. Stopping so much later, it is still
# there when the others look for who was lost first.
_LINGER_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Processes that train together.

    Attributes:
      addresses: {task: "host:port"}, a task being ("worker", 0), in the
        order of workers.
      task: The one that this process is.
    """

    addresses: dict
    task: tuple

    def lost(self) -> list[tuple[str, int]]:
        """The other tasks whose address does not respond."""
        others = [task for task in self.addresses if task != self.task]
        return [t for t in others if not _answers(self.addresses[t])]

    def named(self, task: tuple[str, int]) -> str:
        """A task in words: worker 1 (host:port)."""
        return f"{task[0]} {task[1]} ({self.addresses[task]})"


def read_cluster() -> Cluster | None:
    """The cluster in the environment variable TF_CONFIG.

    Returns:
      A `Cluster`; None if the variable is unset, or names one process
      alone, as some services do for jobs of one machine.

    Raises:
      ValueError: If TF_CONFIG is malformed.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        given = json.loads(text)
        jobs = given.get("cluster") or {}
        addresses = {
            (job, index): str(address)
            for job in sorted(jobs)
            for index, address in enumerate(jobs[job])
        }
        task = given.get("task") or {}
        task = task.get("type"), int(task.get("index", 0))
    except (ValueError, TypeError, AttributeError):
        raise ValueError(
            f"The environment variable {VARIABLE} must be JSON such as "
            f"{_EXAMPLE}. Received: {text}"
        ) from None
    if len(addresses) < 2:
        return None
    _check(addresses, task)
    return Cluster(addresses, task)


def _check(addresses, task):
    strange = sorted({job for job, _ in addresses} - set(JOBS))
    if strange:
        raise ValueError(
            f"The cluster of {VARIABLE} must have jobs of {list(JOBS)} alone. "
            f"Received: {strange}"
        )
    if task not in addresses:
        known = ", ".join(f"{job} {index}" for job, index in addresses)
        raise ValueError(
            f"The task of {VARIABLE} must be one of the cluster's: {known}. "
            f"Received: {task[0]} {task[1]}"
        )


@contextlib.contextmanager
def naming_lost_peers() -> Iterator[None]:
    """Turns a failure of collectives into a sentence about who was lost.

    Raises:
      ConnectionError: In place of TensorFlow's error, if a peer is gone.
    """
    try:
        yield
    except _BROKEN as error:
        cluster = read_cluster()
        lost = _lost(cluster, error) if cluster else []
        if cluster is None or not lost:
            raise
        time.sleep(_LINGER_SECONDS)
        names = " and ".join(cluster.named(task) for task in lost)
        raise ConnectionError(
            f"Training stops, as {names} was lost. Start all workers again "
            "with the same command: they go on from the newest checkpoint."
        ) from error


def _lost(cluster, error):
    """Peers that do not answer, or else those that the error names."""
    return cluster.lost() or [
        task
        for task in cluster.addresses
        if task != cluster.task and _blames(error, task)
    ]


def _blames(error, task):
    job, index = map(re.escape, map(str, task))
    return re.search(f"/job:{job}/(replica:0/)?task:{index}\\b", str(error))


def _answers(address):
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _CONNECT_SECONDS):
            return True
    except OSError:
        return False
