"""Of several workers all take the checkpoint that the first one sees."""

import numpy as np
import pytest
from least_checkpoint import save

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference.evaluation.whole_checkpoints import WholeCheckpoints
from simclrv2_tf.runs import best_checkpoint
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.best_checkpoint import Best


@pytest.fixture
def run(tmp_path):
    """A run with two checkpoints, of which this worker sees both."""
    for step in (4, 9):
        save(tmp_path / "run", step)
    return str(tmp_path / "run")


@pytest.fixture
def first_worker_says(monkeypatch):
    """Joins this worker's rows behind those of a first worker."""

    def say(*answers):
        left = list(answers)

        def join(rows):
            first = left.pop(0) if len(left) > 1 else left[0]
            return np.concatenate([np.array([first]), rows])

        monkeypatch.setattr(distribution, "join_workers", join)
        monkeypatch.setattr(
            distribution, "from_chief", lambda answer: bool(answer)
        )

    return say


def newest(run):
    return weights.newest(Config(mode="eval", model_dir=run))


@pytest.mark.parametrize("step", [4, 9])
def test_the_first_workers_newest_is_that_of_all(run, first_worker_says, step):
    first_worker_says(step)
    assert newest(run) == f"{run}/ckpt-{step}"
    assert WholeCheckpoints(run).newest() == f"{run}/ckpt-{step}"


def test_one_that_is_not_there_for_a_worker_is_an_error(run, first_worker_says):
    first_worker_says(12)
    words = r"workers share: they find checkpoints of the steps \[12, 9\] in "
    with pytest.raises(ValueError, match=words):
        newest(run)


def test_workers_that_follow_wait_until_all_see_it(run, first_worker_says):
    first_worker_says(12)
    present = WholeCheckpoints(run)
    assert present.newest() is None
    save(run, 12)
    assert present.newest() == f"{run}/ckpt-12"


def test_what_another_worker_lacks_is_none_for_this_one(run, monkeypatch):
    monkeypatch.setattr(distribution, "any_worker", lambda lacks: True)
    assert WholeCheckpoints(run).newest() is None


def test_none_of_the_first_worker_is_none_of_all(run, first_worker_says):
    first_worker_says(-1)
    assert WholeCheckpoints(run).newest() is None
    with pytest.raises(ValueError, match="holds no checkpoint"):
        newest(run)


def test_workers_that_follow_a_run_evaluate_the_same(
    run, first_worker_says, monkeypatch
):
    """The first sees the older one until the second has waited for it."""
    monkeypatch.setattr(evaluate, "POLL_SECONDS", 0.001)
    first_worker_says(-1, 4, 4, 9)
    config = Config(mode="eval", model_dir=run, eval_timeout=60)
    found = evaluate.checkpoints(config)
    assert next(found) == f"{run}/ckpt-4"
    assert next(found) == f"{run}/ckpt-9"


def test_the_best_is_lost_for_all_if_it_is_for_the_first(
    run, first_worker_says, monkeypatch
):
    best_checkpoint.write(run, Best("label_top_1_accuracy", 0.5, 4))
    config = Config(mode="export", model_dir=run)
    assert weights.best(config) == f"{run}/ckpt-4"
    first_worker_says(9)
    monkeypatch.setattr(distribution, "from_chief", lambda answer: False)
    assert weights.best(config) == f"{run}/ckpt-9"
