"""What one, two and four replicas answer, found once for all tests."""

import exactness
import processes
import pytest
import replicas


@pytest.fixture(scope="session")
def of_replicas(once):
    """A folder of what one and two replicas answer: {case}/{replicas}.npz."""
    cases = (replicas.COLLECTIVES, exactness.CHEAPEST)
    return once("replicas", lambda folder: _answer(folder, "1,2", *cases))


@pytest.fixture(scope="session")
def of_four_replicas(once):
    """The same of four."""
    cases = (replicas.COLLECTIVES,)
    return once("four_replicas", lambda folder: _answer(folder, "4", *cases))


def _answer(folder, numbers, *cases):
    script = processes.HERE / "replicas.py"
    running = [processes.start(script, numbers, folder, *cases)]
    outputs, status = processes.finish(running)
    assert status == [0], outputs
