"""Any number of replicas and workers: the same metrics, gradients, weights.

In float32 sums in another order differ in their last digits, and a network
makes more of that on its way: on one device, the order of the images in a
batch alone moves the gradient by 6e-6, and that of a single array by 2e-5.
So metrics, weights and moving statistics are held to 1e-5, each kind as one
vector, and the first gradient to 3e-5; every single array is held to 1e-3,
which a wrong factor in any of them breaks. With layers in float64 every
single array is held to 1e-6.
"""

import exactness
import numpy as np
import processes
import pytest
import replicas

TOLERANCE = {
    "metrics": 1e-5,
    "gradients 1": 3e-5,
    "weights": 1e-5,
    "statistics": 1e-5,
    "averages": 1e-5,
    "memory": 1e-5,
    "count": 0.0,
}
EACH = {"float32": 1e-3, "float64": 1e-5}


def answers(folder, case):
    return {p.stem: dict(np.load(p)) for p in (folder / case).glob("*.npz")}


def check(folder, case):
    """Compares all answers with those of one replica; prints the figures."""
    found = answers(folder, case)
    one = found.pop("1")
    for name, several in sorted(found.items()):
        assert set(several) == set(one)
        if case == exactness.EVALUATION:
            for key, value in one.items():
                # Some processors add a matrix up by the size of its batch.
                np.testing.assert_allclose(several[key], value, 1e-5, 1e-7, key)
            continue
        apart = exactness.differences(several, one)
        for kind, (whole, worst) in apart.items():
            print(f"{case} {name} {kind}: {whole:.1e} (worst {worst:.1e})")
        precision = "float64" if "float64" in case else "float32"
        for kind in TOLERANCE.keys() & apart.keys():
            limit = TOLERANCE[kind]
            whole, worst = apart[kind]
            assert whole <= limit, (kind, apart)
            assert worst <= EACH[precision], (kind, apart)
    return found


def test_two_replicas_are_one(of_replicas):
    """In one case; `test_replicas_and_workers_are_one` has all of them."""
    assert set(check(of_replicas, exactness.CHEAPEST)) == {"2"}


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
