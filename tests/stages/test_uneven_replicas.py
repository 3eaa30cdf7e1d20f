"""Batches that replicas cannot share alike are refused, and others taken."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def answer():
    program = pathlib.Path(__file__).parents[1] / "uneven_replicas.py"
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_last_batch_must_divide_among_replicas(answer):
    assert len(answer["losses"]) == 2 and np.isfinite(answer["losses"]).all()
    assert "Replicas must have equal shares of a batch" in answer["said"]
    assert "dataset.batch(N, drop_remainder=True)" in answer["said"]


def test_validation_of_distillation_weighs_images_not_replicas(answer):
    """Of the last batch one replica has two images and the other one."""
    assert answer["evaluated"] == pytest.approx(answer["expected"], rel=1e-3)
