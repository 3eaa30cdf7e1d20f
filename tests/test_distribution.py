"""Choice of strategy; one, two and four replicas say the same."""

import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest
import replicas
import tensorflow as tf

from simclrv2_tf import distribution

HERE = pathlib.Path(__file__).parent
CONTRASTS = [f"tile{t}_norm{n}" for t in (0, 5) for n in (True, False)]


def start(script, *arguments):
    """A Python process beside this one, with the package in its path."""
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(HERE / script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What one, two and four replicas answered to the same batch."""
    folder = tmp_path_factory.mktemp("replicas")
    processes = {
        count: start("replicas.py", count, folder / f"{count}.npz")
        for count in (1, 2, 4)
    }
    for count, process in processes.items():
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, f"{count} replicas: {output}"
    return {
        count: dict(np.load(folder / f"{count}.npz")) for count in processes
    }


@pytest.mark.parametrize("count", [1, 2, 4])
def test_all_gather_joins_in_the_order_of_replicas(answers, count):
    everything, offsets = (answers[count][f"gather/{i}"] for i in (0, 1))
    whole = answers[1]["gather/0"][0]
    assert everything.shape == (count, replicas.GLOBAL_BATCH, replicas.DIM)
    for of_replica in everything:
        np.testing.assert_array_equal(of_replica, whole)
    size = replicas.GLOBAL_BATCH // count
    np.testing.assert_array_equal(
        offsets, np.arange(replicas.GLOBAL_BATCH) // size * size
    )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_all_gather_gradient_adds_what_every_replica_owes(answers, count):
    rows, columns = replicas.GLOBAL_BATCH, replicas.DIM
    weights = np.arange(rows * columns).reshape(rows, columns)
    offsets = np.arange(count) * (rows // count)
    np.testing.assert_array_equal(
        answers[count]["gather/2"], weights * count + offsets.sum()
    )


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("case", CONTRASTS)
def test_contrast_is_the_same_on_every_number_of_replicas(answers, case, count):
    for index in range(5):  # loss, accuracy, entropy, two gradients
        np.testing.assert_allclose(
            answers[count][f"{case}/{index}"],
            answers[1][f"{case}/{index}"],
            rtol=1e-5,
            atol=1e-6,
        )


def test_one_replica_gathers_nothing():
    x = tf.ones((3, 2))
    assert distribution.all_gather(x) is x
    assert distribution.num_replicas() == 1
    assert distribution.replica_id() == 0
    assert distribution.replica_offset(3) == 0


@pytest.fixture
def bare_environment(monkeypatch):
    for key in ("TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS", "TF_CONFIG"):
        monkeypatch.delenv(key, raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", ["auto", "one_device"])
def test_one_device_is_the_default_strategy(bare_environment, name):
    bare_environment.setattr(tf.config, "list_logical_devices", lambda _: [])
    strategy = distribution.make_strategy(name)
    assert strategy is tf.distribute.get_strategy()


def test_auto_takes_what_it_finds(bare_environment):
    for kind in ("_tpu_strategy", "_multi_worker_strategy"):
        bare_environment.setattr(distribution, kind, lambda *_, kind=kind: kind)
    bare_environment.setattr(tf.distribute, "MirroredStrategy", lambda: "many")
    bare_environment.setattr(
        tf.config, "list_logical_devices", lambda kind: ["0", "1"]
    )
    assert distribution.make_strategy() == "many"
    bare_environment.setenv("TF_CONFIG", "{}")
    assert distribution.make_strategy() == "_multi_worker_strategy"
    bare_environment.setenv("TPU_NAME", "pod")
    assert distribution.make_strategy() == "_tpu_strategy"
    bare_environment.delenv("TPU_NAME")
    assert distribution.make_strategy(tpu_name="pod") == "_tpu_strategy"


def test_tpu_arguments_reach_the_resolver(bare_environment):
    seen = []
    quiet = lambda *_: None  # noqa: E731
    bare_environment.setattr(
        tf.distribute.cluster_resolver,
        "TPUClusterResolver",
        lambda **given: seen.append(given),
    )
    bare_environment.setattr(
        tf.config, "experimental_connect_to_cluster", quiet
    )
    bare_environment.setattr(
        tf.tpu.experimental, "initialize_tpu_system", quiet
    )
    bare_environment.setattr(tf.distribute, "TPUStrategy", quiet)
    distribution.make_strategy("tpu", "pod", "zone-a", "project")
    assert seen == [{"tpu": "pod", "zone": "zone-a", "project": "project"}]


def test_messages(bare_environment):
    with pytest.raises(ValueError, match="`strategy` must be one of"):
        distribution.make_strategy("parameter_server")
    with pytest.raises(ValueError, match="TF_CONFIG, which is unset"):
        distribution.make_strategy("multi_worker")


def two_workers(kind):
    """Output and exit status of both."""
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    both = [start("workers.py", kind, index, *ports) for index in range(2)]
    try:
        outputs = [process.communicate(timeout=120)[0] for process in both]
    finally:
        for process in both:
            process.kill()
    return outputs, [process.returncode for process in both]


@pytest.mark.slow
def test_two_workers_train_in_step():
    outputs, status = two_workers("ours")
    assert status == [0, 0], outputs
    first, second = (output.splitlines()[-1] for output in outputs)
    assert first.startswith("kernel") and first == second


@pytest.mark.slow
def test_keras_still_needs_our_multi_worker_strategy():
    """When this fails, `MultiWorkerStrategy` can go."""
    outputs, status = two_workers("stock")
    assert status != [0, 0], outputs
