"""What is written down of the machine."""

import os

from simclrv2_tf.runs import environment


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    """As Slurm and taskset leave them, of more that there are."""
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda pid: {3, 5}, raising=False
    )
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert environment.describe()["hardware"]["cores"] == 2
