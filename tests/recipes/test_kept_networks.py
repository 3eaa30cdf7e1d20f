"""A Keras model that a job has begun with stays the job's."""

import keras
import pytest

from simclrv2_tf import python_calls
from simclrv2_tf import session
from simclrv2_tf.recipes import record

JOB = {
    "asked": {},
    "data": {"name": "these", "examples": 9},
    "recipe": {"seconds": {}, "reasons": []},
}


def model(filters=2):
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(filters, 3),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Calls for a job in `tmp_path` that are refused by what comes after."""

    def refuse(*_, **__):
        raise ValueError("on other images")

    monkeypatch.setattr(session, "run", refuse)

    def call(student, message):
        options = {"student": student, "student_pixels": "0..1"}
        with pytest.raises(ValueError, match=message):
            python_calls.call("semi_supervised", "digits", tmp_path, options)
        return (tmp_path / "student.keras").read_bytes()

    return call


def test_a_call_that_is_refused_leaves_the_jobs_network(call, tmp_path):
    call(model(3), "on other images")
    before = call(model(), "on other images")  # nothing has begun
    record.write_json(str(tmp_path), record.JOB, JOB)
    message = "`student` must be the keras.Model that the job began with.*as it"
    assert call(model(3), message) == before


def test_the_same_network_made_again_is_the_jobs(call, tmp_path):
    before = call(model(), "on other images")
    record.write_json(str(tmp_path), record.JOB, JOB)
    assert call(model(), "on other images") == before


def test_without_a_directory_nothing_changes(tmp_path):
    options = {"student": model(), "seed": 3}
    assert session.as_begun(options, None) == options
    assert session.as_begun(options, str(tmp_path)) == options
