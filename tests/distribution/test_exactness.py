"""Any number of replicas and workers: the same metrics, gradients, weights.

`test_collectives` has the one case that is a fast test, beside what else two
replicas answer.
"""

import exactness
import numpy as np
import processes
import pytest
import replicas
from exactness_answers import answers
from exactness_answers import check


@pytest.mark.slow
def test_the_command_reports_the_same_on_two_replicas(tmp_path):
    script = processes.HERE / "replicas.py"
    outputs, status = processes.finish(
        [processes.start(script, "1,2", tmp_path, replicas.COMMAND)],
        timeout=1800,
    )
    assert status == [0], outputs
    assert "12 on each of 2 replicas" in outputs[0]
    found = answers(tmp_path, replicas.COMMAND)
    one, two = found["1"], found["2"]
    assert set(one) == set(two)
    for name, value in one.items():
        turns = "acc" in name or "calibration_error" in name  # near ties may
        loose = 0.02 if turns else 1e-3
        np.testing.assert_allclose(two[name], value, loose, loose, name)
    for name in ("examples", "label_top_1_accuracy"):
        assert two[f"again/eval/{name}"] == two[f"finetune/eval/{name}"]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """One, two and four replicas; two and three workers."""
    folder = tmp_path_factory.mktemp("full")
    cases = [*exactness.CASES, exactness.EVALUATION]

    def finish(job):
        outputs, status = processes.finish(job, timeout=3600)
        assert not any(status), outputs

    script = processes.HERE / "replicas.py"
    for numbers in ("1,2", "4"):
        finish([processes.start(script, numbers, folder, *cases)])
    command = (processes.HERE / "workers.py", "exactness", folder, *cases)
    for count in (2, 3):
        finish(processes.start_workers(count, *command))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("case", [*exactness.CASES, exactness.EVALUATION])
def test_replicas_and_workers_are_one(full, case):
    assert set(check(full, case)) == {"2", "4", "workers2", "workers3"}


@pytest.mark.slow
def test_networks_of_others_train_on_two_replicas(tmp_path):
    """What is random draws for each replica's rows: it is no one's network.

    But all replicas hold the same weights, see `exactness.the_same_of_all`.
    """
    pytest.importorskip("keras_hub")
    script = processes.HERE / "replicas.py"
    (hub,), drawn = (
        [f"{stage}/lars" for stage in stages]
        for stages in (exactness.HUB, exactness.DRAWING)
    )
    for numbers, cases in (("1,2", [hub]), ("2", drawn)):
        outputs, status = processes.finish(
            [processes.start(script, numbers, tmp_path, *cases)], timeout=1800
        )
        assert status == [0], outputs
    assert set(check(tmp_path, hub)) == {"2"}
    for case in drawn:
        for name, value in answers(tmp_path, case)["2"].items():
            assert np.isfinite(value).all(), (case, name)
