"""Several worker processes on this host, with real gRPC collectives."""

import processes
import pytest

SCRIPT = processes.HERE / "workers.py"


@pytest.mark.slow
def test_two_workers_train_in_step():
    outputs, status = processes.finish(
        processes.start_workers(2, SCRIPT, "fit", "ours")
    )
    assert status == [0, 0], outputs
    first, second = (output.splitlines()[-1] for output in outputs)
    assert first.startswith("kernel") and first == second


@pytest.mark.slow
def test_keras_still_needs_our_multi_worker_strategy():
    """When this fails, `MultiWorkerStrategy` can go."""
    outputs, status = processes.finish(
        processes.start_workers(2, SCRIPT, "fit", "stock"), timeout=120
    )
    assert status != [0, 0], outputs
