"""A run knows which checkpoints its teachers were, and warns of others."""

import types

import pytest
import tensorflow as tf

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import weights_taken


def write(directory, step, value=1.0):
    """A checkpoint of ours, as far as its files tell."""
    tensors = {"variables/base_model": tf.constant(value)}
    run_directory.write(str(directory), step, tensors)


def run_with(directory, step=0, **options):
    config = Config(train_mode="distill", model_dir=str(directory), **options)
    progress = types.SimpleNamespace(step=step)
    return types.SimpleNamespace(config=config, progress=progress)


@pytest.fixture
def start(tmp_path, caplog):
    """Starts a run once more; returns its record, and what it warns of."""
    directory = tmp_path / "run"
    directory.mkdir()

    def call(step=0, **options):
        caplog.clear()
        options.setdefault("teacher", str(tmp_path / "teacher"))
        values = weights_taken.describe(run_with(directory, step, **options))
        model_dir.write_environment(str(directory), values)
        return values.get(weights_taken.KEY, {}), caplog.text

    return call


def test_a_teacher_that_was_trained_on_is_told(start, tmp_path):
    write(tmp_path / "teacher", 4)
    record, warnings = start()
    (teacher,) = record["teacher"]
    assert teacher["name"] == "ckpt-4" and len(teacher["sha256"]) == 64
    assert warnings == "" and start(step=2)[1] == ""
    write(tmp_path / "teacher", 8, 2.0)
    record, warnings = start(step=2)
    assert "THE TEACHER HAS CHANGED since this run was trained" in warnings
    assert f"ckpt-4 of {tmp_path}/teacher then, ckpt-8 of" in warnings
    assert record["teacher"][0]["name"] == "ckpt-8"
    assert start(step=2)[1] == ""  # it has been told


def test_a_run_that_begins_takes_what_is_there(start, tmp_path):
    write(tmp_path / "teacher", 4)
    start()
    write(tmp_path / "teacher", 8)
    assert start(step=0)[1] == ""


def test_a_teacher_that_was_moved_is_the_same(start, tmp_path):
    write(tmp_path / "teacher", 4)
    start()
    (tmp_path / "teacher").rename(tmp_path / "moved")
    assert start(step=2, teacher=str(tmp_path / "moved"))[1] == ""


def test_a_run_of_an_earlier_version_is_told_nothing(start, tmp_path):
    write(tmp_path / "teacher", 4)
    assert start(step=2)[1] == ""


def test_published_and_keras_teachers_have_one_content(start, monkeypatch):
    assert start(teacher="r50_1x_sk0")[0] == {}
    assert start(teacher="keras:MobileNetV2")[0] == {}


def test_what_a_run_began_with_stays(start, tmp_path):
    write(tmp_path / "teacher", 4)
    write(tmp_path / "begun", 3)
    begun = {"checkpoint": str(tmp_path / "begun")}
    record, _ = start(**begun)
    assert record["checkpoint"]["name"] == "ckpt-3"
    write(tmp_path / "begun", 9)
    assert start(step=2, **begun)[0]["checkpoint"] == record["checkpoint"]
    assert start(step=2)[0]["checkpoint"] == record["checkpoint"]
