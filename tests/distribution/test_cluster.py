"""What TF_CONFIG says, and who is lost."""

import json
import socket

import pytest
import tensorflow as tf

from simclrv2_tf.distribution import cluster


def configure(monkeypatch, jobs, kind="worker", index=0):
    config = {"cluster": jobs, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))


def test_workers_are_numbered_with_the_chief_first(monkeypatch):
    configure(monkeypatch, {"worker": ["b:1", "c:1"], "chief": ["a:1"]})
    found = cluster.read_cluster()
    assert list(found.addresses.values()) == ["a:1", "b:1", "c:1"]
    assert found.task == ("worker", 0)
    assert found.named(("worker", 1)) == "worker 1 (c:1)"


@pytest.mark.parametrize("jobs", [{}, {"worker": ["a:1"]}])
def test_one_process_is_no_cluster(monkeypatch, jobs):
    configure(monkeypatch, jobs)
    assert cluster.read_cluster() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("worker0", 'must be JSON such as {"cluster"'),
        ('["a:1", "b:1"]', "must be JSON such as"),
        ('{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}}', r"alone.*\['ps'\]"),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": '
            '{"type": "worker", "index": 2}}',
            "worker 0, worker 1. Received: worker 2",
        ),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "Received: None 0"),
    ],
)
def test_messages(monkeypatch, text, message):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        cluster.read_cluster()


@pytest.fixture
def two_of_three(monkeypatch):
    """A cluster in which nobody is at the address of worker 1."""
    monkeypatch.setattr(cluster, "_LINGER_SECONDS", 0.0)
    sockets = [socket.create_server(("localhost", 0)) for _ in range(3)]
    addresses = [f"localhost:{s.getsockname()[1]}" for s in sockets]
    sockets.pop(1).close()
    configure(monkeypatch, {"worker": addresses})
    yield addresses
    for each in sockets:
        each.close()


def test_the_lost_peer_is_named(two_of_three):
    with (
        pytest.raises(ConnectionError, match=two_of_three[1]) as raised,
        cluster.naming_lost_peers(),
    ):
        raise tf.errors.UnavailableError(None, None, "Connection reset")
    assert "worker 1" in str(raised.value)
    assert two_of_three[2] not in str(raised.value)


def test_a_peer_that_hangs_is_named_by_the_error(monkeypatch, two_of_three):
    hanging = f"localhost:{two_of_three[2].split(':')[1]}"
    configure(monkeypatch, {"worker": [two_of_three[0], hanging]})
    error = "Additional GRPC error from /job:worker/replica:0/task:1 while"
    with (
        pytest.raises(ConnectionError, match=f"worker 1 .{hanging}"),
        cluster.naming_lost_peers(),
    ):
        raise tf.errors.DeadlineExceededError(None, None, error)


def test_other_errors_stay_what_they_are(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for error in (tf.errors.UnavailableError, tf.errors.InvalidArgumentError):
        with pytest.raises(error), cluster.naming_lost_peers():
            raise error(None, None, "of another kind")
