"""Lists of runs whose runs leave less than usual."""

import json

import numpy as np
import pytest

from simclrv2_tf.data.label_subset import choose_labels
from tools.benchmarks import resume
from tools.benchmarks import semi_supervised
from tools.benchmarks import students
from tools.benchmarks.curation import planted
from tools.benchmarks.semi_supervised import summary


@pytest.fixture
def job(tmp_path):
    """A job that has given up pretraining, and has one row."""
    report = {
        "rows": [{"name": summary.SCRATCH, "top_1": 0.4}],
        "exported_run": "scratch",
        "planned_seconds": 100.0,
        "seconds": 50.0,
        "planned_memory": None,
        "memory": None,
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    return tmp_path


def test_a_job_without_pretraining_is_a_cell(job):
    cell = semi_supervised.came_to(job)
    assert cell["steps of pretraining"] is None
    assert cell["top-1"] == {summary.SCRATCH: 0.4}
    (job / "pretrained").mkdir()  # without an export
    assert semi_supervised.came_to(job) == cell


def test_a_cell_without_a_small_network_has_no_bar_of_it(job):
    cell = {"data": "digits", "labels": 1, "draw": 0}
    cell |= semi_supervised.came_to(job)
    means = summary.means([cell])
    assert means[0]["above scratch"] is None
    summary.show({"summary": means}, job)
    assert (job / "semi_supervised.png").stat().st_size > 1000


def test_too_few_labels_are_said_in_the_words_that_are_looked_for():
    labels = np.array([0, 0, 1])
    with pytest.raises(ValueError, match=semi_supervised.TOO_FEW):
        choose_labels(labels, per_class=2)


def test_a_log_without_parameters_is_an_error(tmp_path):
    (tmp_path / "student.log").write_text("it ended early")
    with pytest.raises(SystemExit, match="student.log must tell .* none"):
        students._judged(tmp_path / "student")


def test_a_run_without_a_checkpoint_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="has left no checkpoint"):
        resume.pretend_step(tmp_path)


def test_wrong_labels_of_one_class_are_an_error():
    features = np.random.default_rng(0).random((40, 3), np.float32)
    truth = np.zeros(40, int)
    with pytest.raises(ValueError, match=r"two classes.*labels \[0\]"):
        planted.precision(features, truth, 1, lambda _, t, wrong, __: t[wrong])
