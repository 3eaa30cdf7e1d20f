"""Batches that replicas cannot share alike are refused, and others taken."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest


@pytest.mark.slow
def test_the_last_batch_must_divide_among_replicas():
    program = pathlib.Path(__file__).parents[1] / "uneven_replicas.py"
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert len(answer["losses"]) == 2 and np.isfinite(answer["losses"]).all()
    assert "Replicas must have equal shares of a batch" in answer["said"]
    assert "dataset.batch(N, drop_remainder=True)" in answer["said"]
