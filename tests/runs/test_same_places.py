"""A job that was moved, or is called by another path, has its own teacher."""

import os

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import same_places


def options(teacher, directory):
    return {"teacher": teacher, "model_dir": directory}


@pytest.mark.parametrize(
    ("now", "before", "same"),
    [
        (("b/tuned", "b/small"), ("a/tuned", "a/small"), True),
        (("/b/tuned", "/b/small"), ("/a/tuned", "/a/small"), True),
        (("b/other", "b/small"), ("a/tuned", "a/small"), False),
        (("b/x,b/y", "b/small"), ("a/x,a/y", "a/small"), True),
        (("b/y,b/x", "b/small"), ("a/x,a/y", "a/small"), False),
        (("b/x", "b/small"), ("a/x,a/y", "a/small"), False),
        (("r50_1x_sk0", "b/small"), ("r50_1x_sk0", "a/small"), True),
        (("r50_2x_sk0", "b/small"), ("r50_1x_sk0", "a/small"), False),
        ((None, "b/small"), ("a/tuned", "a/small"), False),
        ((None, "b/small"), (None, "a/small"), True),
        (("b/tuned", "b/small"), ("/a/tuned", "a/small"), False),
        (("b/tuned", "b/small"), ("a/tuned", None), False),
    ],
)
def test_a_path_is_compared_beside_its_run(now, before, same):
    pair = options(*now), options(*before)
    assert same_places.same("teacher", *pair) == same


def test_a_path_that_leads_to_the_same_place_is_the_same(tmp_path):
    (tmp_path / "tuned").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "tuned")
    runs = str(tmp_path / "small")
    pair = [options(str(tmp_path / n), runs) for n in ("link", "tuned")]
    assert same_places.same("teacher", *pair)
    relative = options(os.path.relpath(tmp_path / "tuned"), runs)
    assert same_places.same("teacher", relative, pair[1])


def test_a_moved_job_has_no_other_flags(tmp_path):
    def run(job, teacher="tuned"):
        return Config(
            train_mode="distill",
            teacher=str(tmp_path / job / teacher),
            model_dir=str(tmp_path / job / "small"),
        )

    before = run("before")
    model_dir.check(before)
    model_dir.write_flags(before)
    (tmp_path / "before").rename(tmp_path / "after")
    assert model_dir.changed(run("after")) == []
    (told,) = model_dir.changed(run("after", "other"))
    assert told.startswith(f"teacher={tmp_path}/after/other (was {tmp_path}")
