"""What one, two and four replicas answer, found once for all tests."""

import exactness
import processes
import pytest
import replicas


@pytest.fixture(scope="session")
def of_replicas(once):
    """A folder of answers: {case}/{replicas}.npz."""

    def fill(folder):
        script = processes.HERE / "replicas.py"
        cases = {
            "1,2": [replicas.COLLECTIVES, *exactness.QUICK],
            "4": [replicas.COLLECTIVES],
        }
        running = [
            processes.start(script, numbers, folder, *cases[numbers])
            for numbers in cases
        ]
        outputs, status = processes.finish(running)
        assert status == [0, 0], outputs

    return once("replicas", fill)
